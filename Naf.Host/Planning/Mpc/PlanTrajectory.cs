using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Mpc;

/// <summary>A plan: actions u_0 … u_{H−1}, the resulting states x_0 … x_H, and their cost.</summary>
/// <param name="model">Only its sizes are used.</param>
internal sealed class PlanTrajectory(IPlanModel model, int capacity)
{
    private readonly int _stateSize = model.StateSize, _action = model.Action;
    private readonly double[] _states = new double[(capacity + 1) * model.StateSize],
        _actions = new double[capacity * model.Action];
    private readonly double[] _displacement = new double[model.Tangent], _rest = new double[model.Action];

    /// <summary>Largest number of steps H.</summary>
    public int Capacity => capacity;

    /// <summary>Number of steps H.</summary>
    public int Length { get; set; }

    /// <summary>Σ C(x_k, u_k), and the cost of x_H; infinite if the dynamics are not finite.</summary>
    public double Cost { get; set; }

    /// <summary>[StateSize], x_k.</summary>
    public Span<double> State(int k) => _states.AsSpan(k * _stateSize, _stateSize);

    /// <summary>[Action], u_k.</summary>
    public Span<double> Action(int k) => _actions.AsSpan(k * _action, _action);

    /// <summary>[(H + 1) · StateSize], all states.</summary>
    public Span<double> States => _states.AsSpan(0, (Length + 1) * _stateSize);

    /// <summary>[H · Action], all actions.</summary>
    public Span<double> Actions => _actions.AsSpan(0, Length * _action);

    /// <summary>Copies the actions and the first state of another plan.</summary>
    public void Take(PlanTrajectory other)
    {
        Length = other.Length;
        other.Actions.CopyTo(_actions);
        other.State(0).CopyTo(State(0));
    }

    /// <summary>Drops the first steps, which are over, and repeats the last action in their place.</summary>
    /// <param name="length">New number of steps, at most the capacity.</param>
    /// <returns>Number of steps whose states are still known.</returns>
    public int Shift(int steps, int length)
    {
        int known = Math.Clamp(Length - steps, 0, length), last = Length - 1;
        for (int k = 0; k < length; k++) Action(Math.Min(k + steps, last)).CopyTo(Action(k));
        for (int k = 0; k < known; k++) State(k + steps).CopyTo(State(k));
        Length = length;
        return known;
    }

    /// <summary>Simulates the actions from x_0.</summary>
    /// <param name="on">The calling thread's model.</param>
    /// <param name="endWeight">Factor on the cost of x_H.</param>
    public void Simulate(IPlanModel on, double endWeight)
    {
        Cost = 0;
        for (int k = 0; k < Length; k++)
            if (!Advance(on, k)) return;
        End(on, endWeight);
    }

    /// <summary>
    /// Simulates u = u̅ + αk + K (x ⊖ x̅), clipped to [−1, 1], from x_0, about the nominal x̅ and u̅.
    /// </summary>
    /// <param name="known">Number of steps with known x̅; the others have no feedback.</param>
    public void Follow(
        IPlanModel on, PlanTrajectory nominal, FeedbackLaw law, double alpha, int known, double endWeight)
    {
        Cost = 0;
        Length = nominal.Length;
        for (int k = 0; k < Length; k++)
        {
            Span<double> u = Action(k);
            nominal.Action(k).CopyTo(u);
            if (alpha != 0) Matrix.Add(alpha, law.Open(k), u);
            if (k < known)
            {
                on.Difference(nominal.State(k), State(k), _displacement);
                law.AddFeedback(k, _displacement, u);
            }
            foreach (ref double entry in u) entry = Math.Clamp(entry, -1, 1);
            if (!Advance(on, k)) return;
        }
        End(on, endWeight);
    }

    private bool Advance(IPlanModel on, int k)
    {
        Cost += on.Cost(State(k), Action(k));
        if (double.IsFinite(Cost) && on.Step(State(k), Action(k), State(k + 1))) return true;
        Cost = double.PositiveInfinity;
        return false;
    }

    private void End(IPlanModel on, double endWeight)
    {
        if (endWeight != 0) Cost += endWeight * on.Cost(State(Length), _rest);
        if (!double.IsFinite(Cost)) Cost = double.PositiveInfinity;
    }
}
