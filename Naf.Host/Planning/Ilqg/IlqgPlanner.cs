using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;

namespace Naf.Host.Planning.Ilqg;

/// <summary>
/// iLQG under fitted dynamics. <see cref="Step"/> is the "iLQG OneStep" of the paper's Algorithm 2: the controller of
/// least cost under the model within a KL divergence of the one that generated the data (paper, sections 3 and 8.1;
/// Levine and Abbeel 2014). One instance per learner and initial state.
/// </summary>
/// <remarks>
/// Numbers that are not finite do not throw: the result then has a reason instead of a controller, and
/// <see cref="Controller"/> is kept.
/// </remarks>
internal sealed class IlqgPlanner(IlqgSettings settings)
{
    private const int MostHalvings = 6;
    private double _eta = 1, _previousCost = double.NaN, _predictedCost = double.NaN;

    /// <summary>The last good controller; null before the first.</summary>
    public LinearGaussianController? Controller { get; private set; }

    /// <summary>Factor on the KL bound, adapted to how well the last controller's cost was predicted.</summary>
    public double StepMultiplier { get; private set; } = 1;

    /// <summary>
    /// One step of iLQG: minimises the expected cost under the model with Σ_t KL(new ‖ previous) ≤ ε T · multiplier.
    /// </summary>
    /// <param name="startMean">[S], mean of the initial states.</param>
    /// <param name="startCovariance">[S, S], their covariance.</param>
    /// <param name="cost">C = −r.</param>
    /// <param name="previous">
    /// The controller that generated the data (<see cref="ControllerFit"/>); its noise is clamped first.
    /// </param>
    /// <param name="measuredCost">
    /// Mean cost of the newest episodes run by <see cref="Controller"/>; null if there are none.
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

        // the best controller within the bound, which is halved where the expansion is not accurate that far
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
    /// Update of the step multiplier: old · clip(predicted / (2 max(1e-4, predicted − actual)), 0.1, 5), clipped to
    /// [0.01, 10] (Levine and Abbeel 2014, as published in gps). Improvements that are not finite change nothing.
    /// </summary>
    /// <param name="multiplier">The old multiplier.</param>
    /// <param name="predicted">Predicted improvement of an episode's cost.</param>
    /// <param name="actual">Measured improvement.</param>
    internal static double Adapted(double multiplier, double predicted, double actual)
    {
        double factor = predicted / (2 * Math.Max(1e-4, predicted - actual));
        return double.IsFinite(factor) ? Math.Clamp(multiplier * Math.Clamp(factor, 0.1, 5), 0.01, 10) : multiplier;
    }

    /// <summary>Saves or loads the state from which the next step continues.</summary>
    public void Serialise(CheckpointScope scope)
    {
        _eta = scope.Value("eta", _eta);
        StepMultiplier = scope.Value("step_multiplier", StepMultiplier);
        _previousCost = scope.Value("previous_cost", _previousCost);
        _predictedCost = scope.Value("predicted_cost", _predictedCost);
        Controller = scope.Value("planned", Controller is not null)
            ? LinearGaussianController.Serialise(scope.Scope("controller"), Controller) : null;
    }

    // solves the quadratic problem about a trajectory, then about the solution's, while that lowers E[C] − c H
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

/// <summary>Result of a planning step.</summary>
/// <param name="Controller">The new controller; null if the last good one is kept.</param>
/// <param name="Reason">Why there is no new controller, in one sentence; null if there is one.</param>
/// <param name="Eta">η, the dual of the KL constraint, in units of the cost.</param>
/// <param name="Kl">Σ_t KL(new ‖ previous), in nats.</param>
/// <param name="KlBound">Bound on the KL divergence, met to a tenth: ε T times the step multiplier.</param>
/// <param name="PreviousCost">Predicted cost of an episode with the previous controller.</param>
/// <param name="PredictedCost">Predicted cost of an episode with the new controller.</param>
internal sealed record IlqgResult(
    LinearGaussianController? Controller, string? Reason, double Eta, double Kl, double KlBound, double PreviousCost,
    double PredictedCost);
