using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// iLQG under fitted dynamics: <see cref="Step"/> is the "iLQG OneStep" of the paper's Algorithm 2, the controller that
/// costs least under the model within a KL divergence of the one that made the data (paper, sections 3 and 8.1; Levine
/// and Abbeel 2014). One for each learner and initial state.
/// </summary>
/// <remarks>
/// It never throws on bad numbers: then the result has no controller but the reason, and <see cref="Controller"/>
/// stays.
/// </remarks>
internal sealed class IlqgPlanner(IlqgSettings settings)
{
    private const int MostHalvings = 6;
    private double _eta = 1, _previousCost = double.NaN, _predictedCost = double.NaN;

    /// <summary>The last good controller; null before the first.</summary>
    public LinearGaussianController? Controller { get; private set; }

    /// <summary>
    /// Factor on the KL bound, adapted to how well the cost of the last step's controller was predicted.
    /// </summary>
    public double StepMultiplier { get; private set; } = 1;

    /// <summary>
    /// One step of iLQG: minimises the expected cost under the model with Σ_t KL(new ‖ previous) ≤ ε T · multiplier.
    /// </summary>
    /// <param name="startMean">[S], mean of the states in which episodes begin.</param>
    /// <param name="startCovariance">[S, S], their covariance.</param>
    /// <param name="cost">C = −r.</param>
    /// <param name="previous">
    /// The controller that made the data (<see cref="ControllerFit"/>); its noise is brought within the bounds first.
    /// </param>
    /// <param name="measuredCost">
    /// Mean cost of the newest episodes that <see cref="Controller"/> has run; null: it ran none.
    /// </param>
    public IlqgResult Step(
        TimeVaryingModel model, double[] startMean, double[] startCovariance, StageCost cost,
        LinearGaussianController previous, double? measuredCost = null)
    {
        if (measuredCost is { } measured)
            StepMultiplier = Adapted(StepMultiplier, _previousCost - _predictedCost, _previousCost - measured);
        double bound = settings.KlStep * StepMultiplier * model.Shape.Horizon;
        if (LqrProblem.Fault(model, startMean, startCovariance, previous) is { } fault) return Refused(fault);

        // the trajectories of the previous controller, and the cost about their mean
        previous = previous.Within(settings);
        var problem = new LqrProblem(model, startMean, startCovariance, previous, settings);
        if (problem.Expanded(previous, cost) is not { } start)
            return Refused("under the fitted model the previous controller leads to numbers that are not finite");

        // the best controller within the bound; within a smaller one where the expansion did not hold that far
        (LqrCandidate Candidate, QuadraticCost Expansion)? best = null;
        bool any = false;
        double allowed = bound;
        for (int halvings = 0; best == null && halvings <= MostHalvings; halvings++, allowed /= 2)
            best = Refine(problem, cost, start, allowed, ref any);
        if (best is not { } plan)
            return Refused(
                any ? "no controller within the KL bound costs less under the fitted model"
                    : "no weight of the KL term gives a positive definite Q_uu and a controller within the bound "
                        + "under the fitted model");

        (Controller, _eta) = (plan.Candidate.Controller, plan.Candidate.Eta);
        (_previousCost, _predictedCost) = (start.Expected, plan.Expansion.Expected);
        return new IlqgResult(Controller, null, _eta, plan.Candidate.Kl, bound, _previousCost, _predictedCost);

        IlqgResult Refused(string reason) => new(null, reason, double.NaN, double.NaN, bound, double.NaN, double.NaN);
    }

    /// <summary>
    /// The rule of the step multiplier: old · clip(predicted / (2 max(1e-4, predicted − actual)), 0.1, 5), kept in
    /// [0.01, 10] (Levine and Abbeel 2014, as published in gps). Improvements that are not numbers change nothing.
    /// </summary>
    /// <param name="multiplier">The old one.</param>
    /// <param name="predicted">Improvement of an episode's cost that the model predicted.</param>
    /// <param name="actual">Improvement that was measured.</param>
    internal static double Adapted(double multiplier, double predicted, double actual)
    {
        double factor = predicted / (2 * Math.Max(1e-4, predicted - actual));
        return double.IsFinite(factor) ? Math.Clamp(multiplier * Math.Clamp(factor, 0.1, 5), 0.01, 10) : multiplier;
    }

    /// <summary>All that the next step begins with.</summary>
    public void Serialise(CheckpointScope scope)
    {
        _eta = scope.Value("eta", _eta);
        StepMultiplier = scope.Value("step_multiplier", StepMultiplier);
        _previousCost = scope.Value("previous_cost", _previousCost);
        _predictedCost = scope.Value("predicted_cost", _predictedCost);
        Controller = scope.Value("planned", Controller is not null)
            ? LinearGaussianController.Serialise(scope.Scope("controller"), Controller) : null;
    }

    // solves the quadratic problem about a trajectory, then about its solution's, as long as that lowers E[C] − c H
    private (LqrCandidate Candidate, QuadraticCost Expansion)? Refine(
        LqrProblem problem, StageCost cost, QuadraticCost start, double bound, ref bool any)
    {
        (LqrCandidate Candidate, QuadraticCost Expansion)? best = null;
        QuadraticCost about = start;
        double eta = _eta;
        for (int i = 0; i < settings.Expansions; i++)
        {
            if (problem.Constrained(about, bound, eta) is not { } candidate) break;
            any = true;
            eta = candidate.Eta;
            QuadraticCost? next = problem.Expanded(candidate.Controller, cost);
            if (next == null || next.Objective >= (best?.Expansion ?? start).Objective) break;
            best = (candidate, about = next);
        }
        return best;
    }
}

/// <summary>What a planning step came to.</summary>
/// <param name="Controller">
/// The new controller; null: the last good one stays, for the <paramref name="Reason"/>.
/// </param>
/// <param name="Reason">Why there is no new controller, in one sentence; null: there is one.</param>
/// <param name="Eta">η, the dual of the KL constraint, in units of the cost.</param>
/// <param name="Kl">Σ_t KL(new ‖ previous), in nats.</param>
/// <param name="KlBound">What it was to stay within (to a tenth): ε T times the step multiplier.</param>
/// <param name="PreviousCost">Cost of an episode that the model predicts of the previous controller.</param>
/// <param name="PredictedCost">Cost of an episode that it predicts of the new one.</param>
internal sealed record IlqgResult(
    LinearGaussianController? Controller, string? Reason, double Eta, double Kl, double KlBound, double PreviousCost,
    double PredictedCost);
