using Naf.Kernels.Learners.Ddpg;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Naf.Torch;

/// <summary>
/// A DDPG learner in PyTorch, in double: both losses by its operations, gradients by autograd, an Adam each. Parameters
/// are flat arrays in the layout of <see cref="MlpShape"/>: the critic's, then the actor's.
/// </summary>
internal sealed class TorchDdpg : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly LearnerSettings _settings;
    private readonly DdpgShape _shape;
    private readonly (float Low, float High) _limits;
    private readonly TorchMlp _critic, _actor;
    private readonly Parameter[] _theta;
    private readonly Tensor[] _target;
    private readonly optim.Optimizer[] _adam;

    /// <param name="settings">Rates; the seed is ignored.</param>
    /// <param name="parameters">Initial parameters of both networks.</param>
    /// <param name="limits">Limits of Q′ in the target.</param>
    public TorchDdpg(
        DdpgShape shape, LearnerSettings settings, double[] parameters, (float Low, float High) limits)
    {
        (_shape, _settings, _limits) = (shape, settings, limits);
        ImmutableArray<MlpShape> networks = shape.Networks();
        (_critic, _actor) = (new TorchMlp(networks[0]), new TorchMlp(networks[1]));
        int first = networks[0].Parameters;
        _theta = [new Parameter(tensor(parameters[..first])), new Parameter(tensor(parameters[first..]))];
        _target = [.. _theta.Select(t => t.detach().clone())];
        double[] rates = [settings.LearningRate, settings.ActorLearningRate];
        _adam = [.. _theta.Zip(rates, (theta, rate) =>
            optim.Adam([theta], rate, AdamSettings.Beta1, AdamSettings.Beta2, settings.Epsilon))];
    }

    /// <summary>θ of both networks.</summary>
    public double[] Parameters => Flat(_theta);

    /// <summary>θ′ of both networks.</summary>
    public double[] Target => Flat(_target);

    /// <summary>The gradient of both losses in the last <see cref="Update"/>, before clipping.</summary>
    public double[] Gradient { get; private set; } = [];

    /// <summary>
    /// One update: y = r + γ Q′(x′, μ′(x′)); critic: mean (Q − y)², or Huber's; actor: −mean Q(x, μ(x)), under the
    /// critic before its step, and the penalty on saturated actions; clipping of both together, Adam, Polyak averages.
    /// </summary>
    /// <param name="batch">[batch, 2 state + action + 2], rows [x | u | r | b | x′].</param>
    /// <returns>mean (Q − y)² before the update.</returns>
    public double Update(double[] batch)
    {
        using DisposeScope scope = NewDisposeScope();
        int reward = _shape.State + _shape.Action;
        Tensor rows = tensor(batch).view(-1, reward + 2 + _shape.State), x = rows[.., .._shape.State];
        Tensor u = rows[.., _shape.State..reward], next = rows[.., (reward + 2)..], y;
        using (no_grad())
        {
            Tensor mu = _actor.Forward(_target[1], next).tanh();
            Tensor q = Q(_target[0], next, mu).clamp(_limits.Low, _limits.High);
            y = _settings.RewardScale * rows[.., reward] + _settings.Gamma * rows[.., reward + 1] * q;
        }
        Tensor fitted = Q(_theta[0], x, u), loss = (fitted - y).square().mean();
        Tensor m = _actor.Forward(_theta[1], x), excess = nn.functional.relu(m.abs() - 2);
        Tensor actorLoss = -Q(_theta[0].detach(), x, m.tanh()).mean()
            + _settings.SaturationPenalty * excess.square().sum(1).mean();
        foreach (optim.Optimizer adam in _adam) adam.zero_grad();
        TorchLoss.Of(fitted, y, _settings.Huber).backward();
        actorLoss.backward();
        Gradient = [.. _theta.SelectMany(t => Flat(t.grad!))];

        double norm = Math.Sqrt(Gradient.Sum(g => g * g)), limit = _settings.ClipNorm;
        if (limit > 0 && norm > limit)
            foreach (Tensor theta in _theta) theta.grad!.mul_(limit / norm);
        foreach (optim.Optimizer adam in _adam) adam.step();
        using (no_grad())
            for (int n = 0; n < 2; n++) _target[n].lerp_(_theta[n], _settings.Tau);
        return loss.item<double>();
    }

    public void Dispose()
    {
        foreach (optim.Optimizer adam in _adam) adam.Dispose();
        _scope.Dispose();
    }

    private Tensor Q(Tensor theta, Tensor x, Tensor u) => _critic.Forward(theta, x, late: u)[.., 0];

    private static double[] Flat(params Tensor[] tensors) =>
        [.. tensors.SelectMany(t => t.detach().data<double>().ToArray())];
}
