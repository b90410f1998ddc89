using Naf.Kernels.Network;
using Naf.Kernels.Network.Cpu;
using Naf.Kernels.Scalar;
using Naf.Kernels.Update;

namespace Naf.Kernels.Learners.Ddpg;

/// <summary>
/// DDPG's update on the CPU (Lillicrap et al. 2016, Algorithm 1). Both gradients are those of the critic before its
/// step.
/// <code>
/// y = r + γ Q′(x′, μ′(x′)),  loss of the critic: mean (Q(x, u) − y)², or Huber's
/// loss of the actor: mean −Q(x, μ(x)) + penalty |excess|²,  μ = tanh m,  excess: m beyond ±2
/// ∂/∂m = −1/N ∂Q/∂u (1 − μ²) + 2/N penalty excess
/// </code>
/// </summary>
internal sealed unsafe class DdpgWorkerGroup : WorkerGroup
{
    private readonly int _action;
    // the critic's pass at (x, μ(x)): uses the same weights, and the memory of its gradients before the critic does
    private readonly MlpWorkspace _policyCritic;

    public DdpgWorkerGroup(DdpgShape shape, float[] inputScale, int batch, int workers)
        : base(shape, inputScale, batch, workers)
    {
        _action = shape.Action;
        MlpWorkspace critic = Networks[DdpgShape.Critic];
        _policyCritic = new MlpWorkspace(critic.Shape, batch, training: true, lender: critic);
    }

    public override void Dispose()
    {
        _policyCritic.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override void Passes(Learner learner, int first, int last)
    {
        // y = r + γ Q′(x′, μ′(x′))
        MlpWorkspace actor = ForwardTarget(learner, DdpgShape.Actor, first, last);
        Act(actor, TargetOf(DdpgShape.Critic), first, last);
        SetTargets(learner, ForwardTarget(learner, DdpgShape.Critic, first, last), first, last);

        // μ(x)
        actor = Forward(learner, DdpgShape.Actor, first, last);
        Act(actor, _policyCritic, first, last);

        // Q(x, u), then Q(x, μ(x)) from the same first layer
        MlpWorkspace critic = Networks[DdpgShape.Critic];
        for (int m = first; m < last; m++)
            new ReadOnlySpan<float>(U + (nint)m * ActionRow, _action)
                .CopyTo(new Span<float>(critic.Late + (nint)m * _action, _action));
        Forward(learner, DdpgShape.Critic, first, last);
        float* theta = Parameters(learner, DdpgShape.Critic);
        Mlp.Forward(_policyCritic, theta, null, X, StateRow, first, last, lower: critic);

        // ∂Q/∂u at μ(x), and the gradient at the actor's outputs
        float penalty = 2f / Batch * (float)learner.Settings.SaturationPenalty;
        for (int m = first; m < last; m++)
            _policyCritic.OutputGradient[(nint)m * _policyCritic.OutputRow] = -1f / Batch;
        Mlp.BackwardRows(_policyCritic, theta, null, first, last, lowest: 1);
        Mlp.BackwardLate(_policyCritic, theta, first, last);
        for (int m = first; m < last; m++)
            for (int i = 0; i < _action; i++)
            {
                float mu = _policyCritic.Late[(nint)m * _action + i];
                nint at = (nint)m * actor.OutputRow + i;
                actor.OutputGradient[at] = _policyCritic.LateGradient(m, i) * (1 - mu * mu)
                    + SaturationPenalty.Gradient<float, FloatMath>(actor.Output[at], penalty);
            }

        // TD errors, and the gradient at the critic's output
        float huber = (float)learner.Settings.Huber;
        for (int m = first; m < last; m++)
        {
            Q[m] = critic.Output[(nint)m * critic.OutputRow];
            Errors[m] = Q[m] - Y[m];
            critic.OutputGradient[(nint)m * critic.OutputRow] =
                2f / Batch * HuberLoss.HalfSlope<float, FloatMath>(Errors[m], huber);
        }
    }

    // μ = tanh m of the actor's outputs as the critic's late input
    private void Act(MlpWorkspace actor, MlpWorkspace critic, int first, int last)
    {
        for (int m = first; m < last; m++)
            RowOperations.Tanh(actor.Output + (nint)m * actor.OutputRow,
                new Span<float>(critic.Late + (nint)m * _action, _action));
    }
}
