using Naf.Kernels.Advantage;
using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Naf;

/// <summary>
/// NAF's update on the CPU (paper, Algorithm 1): y = r + γ V′(x′), Q(x, u) = V(x) + A(x, u). With twin values V′ is
/// min(V₁′, V₂′), Q = V₁ + A, and V₂ is fitted to the same y: loss mean (V₂ + A − y)², in which A is constant.
/// </summary>
internal sealed unsafe class NafWorkerGroup(NafShape shape, float[] inputScale, int batch, int workers)
    : WorkerGroup(shape, inputScale, batch, workers)
{
    /// <inheritdoc/>
    protected override void Passes(Learner learner, int first, int last)
    {
        MlpWorkspace target = ForwardTarget(learner, 0, first, last);
        if (shape.TwinValues) TakeSmaller(target, ForwardTarget(learner, 1, first, last), first, last);
        SetTargets(learner, target, first, last);
        for (int n = 0; n < Networks.Length; n++) Forward(learner, n, first, last);
        NafAdvantage.Gradient(
            Networks, shape.Mean, shape.Triangle, shape.Action, learner.Settings, U, ActionRow, Y, Errors, Q,
            2f / Batch, first, last);
        if (shape.TwinValues) TwinGradient((float)learner.Settings.Huber, first, last);
    }

    // V₁′ ← min(V₁′, V₂′)
    private static void TakeSmaller(MlpWorkspace target, MlpWorkspace twin, int first, int last)
    {
        for (int m = first; m < last; m++)
        {
            float* v = target.Output + (nint)m * target.OutputRow;
            *v = TwinTarget.Smaller<float, FloatMath>(*v, twin.Output[(nint)m * twin.OutputRow]);
        }
    }

    // ∂loss/∂V₂; V₂ + A − y = V₂ − V₁ + (Q − y)
    private void TwinGradient(float huber, int first, int last)
    {
        MlpWorkspace value = Networks[0], twin = Networks[1];
        for (int m = first; m < last; m++)
        {
            float error = twin.Output[(nint)m * twin.OutputRow] - value.Output[(nint)m * value.OutputRow] + Errors[m];
            twin.OutputGradient[(nint)m * twin.OutputRow] =
                2f / Batch * HuberLoss.HalfSlope<float, FloatMath>(error, huber);
        }
    }
}
