using Naf.Host.Settings;
using Naf.Kernels.LinearAlgebra;

namespace Naf.Host.Planning.Ilqg;

/// <summary>A controller with its KL divergence and the multiplier η that it was found with.</summary>
/// <param name="Kl">Σ_t KL to the previous controller, in nats.</param>
/// <param name="Eta">Weight of the KL term in its objective.</param>
internal sealed record LqrCandidate(LinearGaussianController Controller, double Kl, double Eta);

/// <summary>
/// Linear-quadratic control about trajectories of one model from one initial distribution, near one previous
/// controller. Owns a workspace.
/// </summary>
/// <param name="startMean">[S].</param>
/// <param name="startCovariance">[S, S].</param>
/// <param name="previous">p, its noise within the bounds.</param>
/// <param name="settings">c and the bounds on the noise.</param>
internal sealed class LqrProblem(
    TimeVaryingModel model, double[] startMean, double[] startCovariance, LinearGaussianController previous,
    IlqgSettings settings)
{
    /// <summary>Range of η (Levine and Abbeel 2014, as published in gps).</summary>
    private const double LeastEta = 1e-8, MostEta = 1e16;

    /// <summary>Largest number of values of η that are tried.</summary>
    private const int MostTries = 50;

    /// <summary>Relative tolerance on the KL bound; first increase of η where Q_ww is not positive definite.</summary>
    private const double Tolerance = 0.1, FirstRaise = 1e-4;

    private readonly LqrBackwardPass _pass = new(model, settings);

    /// <summary>What is invalid in the inputs, in one sentence; null if nothing is.</summary>
    public static string? Fault(
        TimeVaryingModel model, double[] startMean, double[] startCovariance, LinearGaussianController previous)
    {
        for (int t = 0; t < model.Shape.Horizon; t++)
            if (!Matrix.IsFinite(model.FAt(t)) || !Matrix.IsFinite(model.OffsetAt(t))
                || !Matrix.IsFinite(model.NAt(t)))
                return $"the fitted model is not finite at time step {t}";
        if (!Matrix.IsFinite(startMean) || !Matrix.IsFinite(startCovariance)) return "the start is not finite";
        if (previous.Shape != model.Shape)
            return $"the previous controller is of {previous.Shape}, the model of {model.Shape}";
        return previous.IsFinite ? null : "the previous controller is not finite";
    }

    /// <summary>Expands the cost about the mean trajectory of a controller; null if a number is not finite.</summary>
    public QuadraticCost? Expanded(LinearGaussianController controller, StageCost cost)
    {
        var trajectory = new TrajectoryDistribution(model, startMean, startCovariance, controller);
        if (!trajectory.IsFinite) return null;
        var expansion = new QuadraticCost(cost, trajectory, settings.EntropyWeight);
        return expansion.IsFinite ? expansion : null;
    }

    /// <summary>
    /// Minimises E[C] − c H subject to KL ≤ <paramref name="bound"/>, as E[C] − c H + η KL: η by bisection of its
    /// logarithm, raised where Q_ww is not positive definite, until KL is within a tenth of the bound.
    /// </summary>
    /// <param name="cost">Expanded about a trajectory that obeys the model.</param>
    /// <param name="bound">In nats, above 0.</param>
    /// <param name="eta">Initial η.</param>
    /// <returns>The candidate of least η that is within the bound (to a tenth); null if there is none.</returns>
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
                // not positive definite: raise η step by step until a feasible value is known
                if (candidate == null && best == null)
                    (eta, raise) = (Math.Min(eta + raise, MostEta), 2 * raise);
                else
                    (eta, tries) = (Math.Min(Math.Sqrt(least * most), 10 * least), tries + 1);
            }
        }
        return best;
    }

    /// <summary>The minimiser for one η.</summary>
    /// <param name="eta">η, 0 or more; 0: the KL term is left out.</param>
    /// <returns>Null if Q_ww is not positive definite or a number is not finite.</returns>
    public LqrCandidate? Candidate(QuadraticCost cost, double eta)
    {
        if (_pass.Run(cost, previous, eta) is not { IsFinite: true } controller) return null;
        var trajectory = new TrajectoryDistribution(model, startMean, startCovariance, controller);
        double kl = eta > 0 ? trajectory.DivergenceFrom(previous) : 0;
        return trajectory.IsFinite && double.IsFinite(kl) ? new LqrCandidate(controller, kl, eta) : null;
    }
}
