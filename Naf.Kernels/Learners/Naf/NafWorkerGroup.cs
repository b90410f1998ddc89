using Naf.Kernels.Advantage;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Naf;

/// <summary>NAF's update on the CPU (paper, Algorithm 1): y = r + γ V′(x′), Q(x, u) = V(x) + A(x, u).</summary>
internal sealed unsafe class NafWorkerGroup(NafShape shape, float[] inputScale, int batch, int workers)
    : WorkerGroup(shape, inputScale, batch, workers)
{
    /// <inheritdoc/>
    protected override void Passes(Learner learner, int first, int last)
    {
        SetTargets(learner, ForwardTarget(learner, 0, first, last), first, last);
        for (int n = 0; n < Networks.Length; n++) Forward(learner, n, first, last);
        NafAdvantage.Gradient(
            Networks, shape.Action, (float)learner.Settings.LogDiagonalBound,
            (float)learner.Settings.SaturationPenalty, U, ActionRow, Y, Errors, Q, 2f / Batch, first, last);
    }
}
