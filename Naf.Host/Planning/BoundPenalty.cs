using Naf.Kernels.Reward;

namespace Naf.Host.Planning;

/// <summary>
/// A planner's differentiable substitute for the bounds that end an episode: w (d / m)², where d is the distance of an
/// observation past the line at a margin m inside its bound, so that a step on the bound costs w and a step past it
/// more. Convex.
/// </summary>
/// <param name="weight">w, in units of the reward.</param>
internal sealed class BoundPenalty(ImmutableArray<TerminationBound> bounds, double weight)
{
    /// <summary>The margin as a share of the interval between two bounds, or of a single bound's magnitude.</summary>
    private const double Share = 0.1;

    /// <summary>Smallest margin, used where a single bound is 0.</summary>
    private const double Least = 0.01;

    /// <summary>The penalty of an observation.</summary>
    /// <param name="x">[ObservationSize].</param>
    public double Value(ReadOnlySpan<double> x)
    {
        double sum = 0;
        foreach (TerminationBound bound in bounds)
        {
            double past = Past(bound, x);
            sum += weight * past * past;
        }
        return sum;
    }

    /// <summary>Adds the penalty's derivatives to those of a cost.</summary>
    /// <param name="x">[ObservationSize].</param>
    /// <param name="gradient">[at least ObservationSize], is increased.</param>
    /// <param name="hessian">[stride, stride] row-major, is increased.</param>
    /// <param name="stride">Row length of <paramref name="hessian"/>.</param>
    public void Add(ReadOnlySpan<double> x, Span<double> gradient, Span<double> hessian, int stride)
    {
        foreach (TerminationBound bound in bounds)
        {
            double past = Past(bound, x), margin = Margin(bound);
            if (past == 0) continue;
            gradient[bound.Index] += 2 * weight * past / margin;
            hessian[bound.Index * stride + bound.Index] += 2 * weight / (margin * margin);
        }
    }

    /// <summary>d / m, positive past the upper line, negative past the lower one; 0 inside.</summary>
    private static double Past(TerminationBound bound, ReadOnlySpan<double> x)
    {
        double margin = Margin(bound), value = x[bound.Index];
        return Math.Max(0, value - (bound.High - margin)) / margin - Math.Max(0, bound.Low + margin - value) / margin;
    }

    private static double Margin(TerminationBound bound)
    {
        bool low = double.IsFinite(bound.Low), high = double.IsFinite(bound.High);
        double size = low && high ? bound.High - bound.Low
            : low ? Math.Abs(bound.Low) : high ? Math.Abs(bound.High) : 0;
        return Math.Max(Least, Share * size);
    }
}
