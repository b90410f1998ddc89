namespace Naf.Host;

/// <summary>
/// iLQG without a KL constraint, to convergence under the model: backward pass, line search of the open-loop step, expansion about the new
/// trajectory (Tassa et al. 2012). Where Q_uu is not positive definite, or no step lowers the cost, η |w|² / 2 holds the actions back.
/// </summary>
internal static class IlqgIteration
{
    private const double FirstEta = 1e-6, MostEta = 1e16, Tolerance = 1e-12, NoBound = double.PositiveInfinity;
    private const int Steps = 11;

    /// <summary>Plans.</summary>
    /// <param name="model">The dynamics.</param>
    /// <param name="startMean">[S].</param>
    /// <param name="startCovariance">[S, S].</param>
    /// <param name="cost">C.</param>
    /// <param name="initial">Where to begin.</param>
    /// <param name="settings">c and the bounds on the noise.</param>
    /// <param name="iterations">Most iterations.</param>
    public static IlqgResult Converge(
        TimeVaryingModel model, double[] startMean, double[] startCovariance, IStageCost cost, LinearGaussianController initial,
        IlqgSettings settings, int iterations = 100)
    {
        settings.Check();
        if (LqrProblem.Fault(model, startMean, startCovariance, cost, initial) is { } fault) return IlqgResult.Refused(fault, NoBound);
        LinearGaussianController current = Held(initial);
        var problem = new LqrProblem(model, startMean, startCovariance, current, settings);
        if (problem.Expanded(current, cost) is not { } start)
            return IlqgResult.Refused("under the fitted model the previous controller leads to numbers that are not finite", NoBound);

        LinearGaussianController? best = null;
        LqrExpansion about = start;
        double eta = 0;
        for (int i = 0; i < iterations && eta <= MostEta; i++)
        {
            if (Search(problem, cost, about, eta) is not var (controller, expansion))
            {
                eta = Math.Max(FirstEta, 10 * eta);
                continue;
            }
            double gained = about.Along - expansion.Along;
            (best, about, eta) = (controller, expansion, eta > FirstEta ? eta / 10 : 0);
            if (eta == 0 && gained <= Tolerance * (1 + Math.Abs(about.Along))) break;
            problem = new LqrProblem(model, startMean, startCovariance, Held(best), settings);
        }
        return best == null
            ? IlqgResult.Refused("no step lowers the cost under the fitted model", NoBound)
            : new IlqgResult(best, null, eta, double.NaN, NoBound, start.Cost, about.Cost);
    }

    // the longest step that does not raise the cost along the mean trajectory
    private static (LinearGaussianController, LqrExpansion)? Search(LqrProblem problem, IStageCost cost, LqrExpansion about, double eta)
    {
        double step = 1;
        for (int i = 0; i < Steps; i++, step /= 2)
        {
            if (problem.Candidate(about.Quadratic, eta, step) is not { } candidate) return null;
            if (problem.Expanded(candidate.Controller, cost) is { } expansion
                && expansion.Along <= about.Along + Tolerance * (1 + Math.Abs(about.Along)))
                return (candidate.Controller, expansion);
        }
        return null;
    }

    // with the unit matrix for its covariance, so that the KL term is |w|² / 2
    private static LinearGaussianController Held(LinearGaussianController controller)
    {
        int a = controller.Action;
        var unit = new double[controller.Horizon * a * a];
        for (int i = 0; i < controller.Horizon * a; i++) unit[i * a + i % a] = 1;
        return new LinearGaussianController(
            controller.Horizon, controller.State, a, controller.Gain.ToArray(), controller.Offset.ToArray(), unit);
    }
}
