using Naf.Host.Settings;

namespace Naf.Host.Planning.Ilqg;

/// <summary>A controller and what the model makes of it.</summary>
/// <param name="Controller">The controller.</param>
/// <param name="Kl">Σ_t KL to the previous controller, in nats.</param>
/// <param name="Eta">The weight of the KL term that it minimises.</param>
internal sealed record LqrCandidate(LinearGaussianController Controller, double Kl, double Eta);

/// <summary>The cost about the mean trajectory of a controller.</summary>
/// <param name="Quadratic">The expansion.</param>
/// <param name="Cost">Σ_t E[C], as the expansion has it.</param>
/// <param name="Objective">Σ_t E[C] − c H, with H the entropy of the controller's noise.</param>
internal sealed record LqrExpansion(QuadraticCost Quadratic, double Cost, double Objective);

/// <summary>Linear-quadratic control about trajectories of one model from one start, near one previous controller. Carries a workspace.</summary>
/// <param name="model">The dynamics.</param>
/// <param name="startMean">[S].</param>
/// <param name="startCovariance">[S, S].</param>
/// <param name="previous">p, its noise within the bounds.</param>
/// <param name="settings">c and the bounds on the noise.</param>
internal sealed class LqrProblem(
    TimeVaryingModel model, double[] startMean, double[] startCovariance, LinearGaussianController previous, IlqgSettings settings)
{
    /// <summary>Range of η (Levine and Abbeel 2014, as published in gps).</summary>
    private const double LeastEta = 1e-8, MostEta = 1e16;

    /// <summary>Values of η that are tried.</summary>
    private const int MostTries = 50;

    /// <summary>How near the bound the divergence should come, relative to it; the first raise of η where Q_ww is not positive definite.</summary>
    private const double Tolerance = 0.1, FirstRaise = 1e-4;

    private readonly LqrBackwardPass _pass = new(model);

    /// <summary>Why the parts make no problem, in one sentence; null: they do.</summary>
    public static string? Fault(
        TimeVaryingModel model, double[] startMean, double[] startCovariance, IStageCost cost, LinearGaussianController previous)
    {
        if (model.Problem() is { } problem) return problem;
        if (startMean.Length != model.State || startCovariance.Length != model.State * model.State)
            return $"the start has {startMean.Length} and {startCovariance.Length} numbers, for a model of {model.State} states";
        if (!PlanningMatrix.IsFinite(startMean) || !PlanningMatrix.IsFinite(startCovariance)) return "the start is not finite";
        if ((cost.State, cost.Action) != (model.State, model.Action))
            return $"the cost is of {cost.State} states and {cost.Action} actions, the model of {model.State} and {model.Action}";
        if ((previous.Horizon, previous.State, previous.Action) != (model.Horizon, model.State, model.Action))
            return $"the previous controller is of {previous.Horizon} steps, {previous.State} states and {previous.Action} actions, "
                + $"the model of {model.Horizon}, {model.State} and {model.Action}";
        return previous.IsFinite ? null : "the previous controller is not finite";
    }

    /// <summary>Expands the cost about the mean trajectory of a controller; null where a number is not finite.</summary>
    public LqrExpansion? Expanded(LinearGaussianController controller, IStageCost cost)
    {
        TrajectoryDistribution trajectory = TrajectoryDistribution.Of(model, startMean, startCovariance, controller);
        if (!trajectory.IsFinite) return null;
        QuadraticCost quadratic = QuadraticCost.About(cost, trajectory.Mean);
        double expected = trajectory.ExpectedCost(quadratic), objective = expected;
        if (settings.EntropyWeight > 0) objective -= settings.EntropyWeight * controller.Entropy();
        return quadratic.IsFinite && double.IsFinite(objective) ? new LqrExpansion(quadratic, expected, objective) : null;
    }

    /// <summary>
    /// Minimises E[C] − c H with KL ≤ <paramref name="bound"/>, as E[C] − c H + η KL: η by bisection of its logarithm, raised where Q_ww is not
    /// positive definite, until KL is within a tenth of the bound.
    /// </summary>
    /// <param name="cost">Expanded about a trajectory that obeys the model.</param>
    /// <param name="bound">In nats, above 0.</param>
    /// <param name="eta">The first to try.</param>
    /// <returns>The one of least η that is within the bound (to a tenth); null: none is.</returns>
    public LqrCandidate? Constrained(QuadraticCost cost, double bound, double eta)
    {
        LqrCandidate? best = null;
        double least = LeastEta, most = MostEta, raise = FirstRaise;
        eta = Math.Clamp(eta, least, most);
        for (int tries = 0; tries < MostTries && most > least;)
        {
            LqrCandidate? candidate = Candidate(cost, eta);
            if (candidate != null && candidate.Kl <= bound * (1 + Tolerance))
            {
                best = candidate;
                tries++;
                if (candidate.Kl >= bound * (1 - Tolerance) || eta <= 1.001 * LeastEta) break;
                most = eta;
                eta = Math.Max(Math.Sqrt(least * most), 0.1 * most);
            }
            else
            {
                least = eta;
                // not positive definite: raised step by step until a value is known that is
                if (candidate == null && best == null)
                    (eta, raise) = (Math.Min(eta + raise, MostEta), 2 * raise);
                else
                    (eta, tries) = (Math.Min(Math.Sqrt(least * most), 10 * least), tries + 1);
            }
        }
        return best;
    }

    /// <summary>The minimiser at one η.</summary>
    /// <param name="cost">Expanded about a trajectory that obeys the model.</param>
    /// <param name="eta">η, 0 or more; 0: the KL term is left out.</param>
    /// <returns>Null: Q_ww was not positive definite, or a number is not finite.</returns>
    public LqrCandidate? Candidate(QuadraticCost cost, double eta)
    {
        if (!_pass.Run(cost, previous, eta)) return null;
        LinearGaussianController controller = Controller(cost, eta);
        if (!controller.IsFinite) return null;
        TrajectoryDistribution trajectory = TrajectoryDistribution.Of(model, startMean, startCovariance, controller);
        double kl = eta > 0 ? TrajectoryKl.Of(controller, previous, trajectory) : 0;
        return trajectory.IsFinite && double.IsFinite(kl) ? new LqrCandidate(controller, kl, eta) : null;
    }

    // u ~ N(û + K_p (s − ŝ) + κ + 𝒦 (s − ŝ), (η + c) Q_ww⁻¹)
    private LinearGaussianController Controller(QuadraticCost cost, double eta)
    {
        (int s, int a, int n) = (model.State, model.Action, model.Input);
        double[] gain = previous.Gain.ToArray(), offset = new double[model.Horizon * a], covariance = _pass.Inverse.ToArray();
        PlanningMatrix.Add(1, _pass.Gain, gain);
        var bounds = new NoiseBounds(settings.LeastNoise, settings.MostNoise);
        for (int t = 0; t < model.Horizon; t++)
        {
            ReadOnlySpan<double> z = cost.Nominal.AsSpan(t * n, n);
            for (int i = 0; i < a; i++)
                offset[t * a + i] = z[s + i] + _pass.Step[t * a + i] - PlanningMatrix.Dot(gain.AsSpan((t * a + i) * s, s), z[..s]);
            Span<double> noise = covariance.AsSpan(t * a * a, a * a);
            foreach (ref double entry in noise) entry *= eta + settings.EntropyWeight;
            bounds.Apply(noise, a);
        }
        return new LinearGaussianController(model.Horizon, s, a, gain, offset, covariance);
    }
}
