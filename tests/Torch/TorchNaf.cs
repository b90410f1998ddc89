using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Settings;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Naf.Torch;

/// <summary>
/// A NAF learner in PyTorch, in double: loss by its operations, gradient by autograd, torch.optim.Adam. Parameters are
/// flat arrays in the layout of <see cref="MlpShape"/>, the networks concatenated. The oracle of the engine's
/// gradients, with which it shares no formula.
/// </summary>
internal sealed class TorchNaf : IDisposable
{
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly LearnerSettings _settings;
    private readonly NafShape _shape;
    private readonly (float Low, float High) _limits;
    private readonly TorchMlp[] _mlps;
    private readonly Parameter[] _theta;
    private readonly Tensor[] _statistics, _target, _targetStatistics;
    private readonly optim.Optimizer[] _adams;

    /// <param name="settings">Rates; the seed is ignored.</param>
    /// <param name="parameters">Initial parameters of all networks.</param>
    /// <param name="statistics">Running statistics of all networks.</param>
    /// <param name="limits">Limits of V′ in the target.</param>
    public TorchNaf(
        NafShape shape, LearnerSettings settings, double[] parameters, double[] statistics,
        (float Low, float High) limits)
    {
        (_shape, _settings, _limits) = (shape, settings, limits);
        ImmutableArray<MlpShape> networks = shape.Networks();
        _mlps = [.. networks.Select(n => new TorchMlp(n))];
        _theta = [.. Split(parameters, networks.Select(n => n.Parameters)).Select(t => new Parameter(t))];
        _statistics = Split(statistics, networks.Select(n => n.Statistics));
        _target = [.. _theta[..shape.Targets].Select(t => t.detach().clone())];
        _targetStatistics = [.. _statistics[..shape.Targets].Select(t => t.clone())];
        // the network of μ has its own rate
        int actor = shape.SharedTrunk ? -1 : shape.Targets;
        _adams = [.. _theta.Select((theta, n) => optim.Adam(
            [theta], n == actor ? settings.ActorLearningRate : settings.LearningRate,
            AdamSettings.Beta1, AdamSettings.Beta2, settings.Epsilon))];

        static Tensor[] Split(double[] flat, IEnumerable<int> sizes)
        {
            int at = 0;
            return [.. sizes.Select(size => tensor(flat[at..(at += size)]))];
        }
    }

    /// <summary>θ of all networks.</summary>
    public double[] Parameters => Flat(_theta);

    /// <summary>θ′ of the first network, or of both values.</summary>
    public double[] Target => Flat(_target);

    public double[] Statistics => Flat(_statistics);

    public double[] TargetStatistics => Flat(_targetStatistics);

    /// <summary>∂loss/∂θ of all networks in the last <see cref="Update"/>, before clipping.</summary>
    public double[] Gradient { get; private set; } = [];

    /// <summary>
    /// One update: y = r + γ V′(x′), the gradient of mean (Q − y)², or Huber's loss, and of the penalty on saturated
    /// actions, clipping, Adam, Polyak average, running statistics. With twin values V′ is the smaller one, and the
    /// loss of V₂ + A, with A detached, is added.
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
            Tensor v = _target.Select((target, n) =>
                _mlps[n].Forward(target, next, _targetStatistics[n])[.., 0].clamp(_limits.Low, _limits.High))
                .Aggregate(minimum);
            y = _settings.RewardScale * rows[.., reward] + _settings.Gamma * rows[.., reward + 1] * v;
        }
        Tensor[] outputs = [.. _mlps.Select((mlp, n) => mlp.Forward(_theta[n], x, _statistics[n], trains: true))];
        Tensor heads = cat([outputs[0], .. outputs[_shape.Targets..]], 1);
        Tensor m = heads[.., 1..(1 + _shape.Action)];
        bool natural = _settings.NaturalGradient;
        Tensor q = TorchAdvantage.Value(heads[.., 0], natural ? m.detach() : m, heads[.., (1 + _shape.Action)..], u,
            _settings.LogDiagonalBound);
        if (natural)
        {
            // the same value, with ∂Q/∂μ = u − μ
            Tensor mu = tanh(m), slope = ((u - mu).detach() * mu).sum(1);
            q += slope - slope.detach();
        }
        Tensor loss = (q - y).square().mean(), excess = functional.relu(m.abs() - 2),
            fitted = TorchLoss.Of(q, y, _settings.Huber);
        if (_shape.TwinValues)
            fitted += TorchLoss.Of(outputs[1][.., 0] + (q - outputs[0][.., 0]).detach(), y, _settings.Huber);
        foreach (optim.Optimizer adam in _adams) adam.zero_grad();
        (fitted + _settings.SaturationPenalty * excess.square().sum(1).mean()).backward();
        Gradient = [.. _theta.SelectMany(t => Flat(t.grad!))];

        // clip the gradient's norm to the limit
        double norm = Math.Sqrt(Gradient.Sum(g => g * g)), limit = _settings.ClipNorm;
        if (limit > 0 && norm > limit)
            foreach (Tensor theta in _theta) theta.grad!.mul_(limit / norm);
        foreach (optim.Optimizer adam in _adams) adam.step();
        using (no_grad())
        {
            for (int n = 0; n < _target.Length; n++)
            {
                _target[n].lerp_(_theta[n], _settings.Tau);
                _targetStatistics[n].lerp_(_statistics[n], _settings.Tau);
            }
        }
        return loss.item<double>();
    }

    public void Dispose()
    {
        foreach (optim.Optimizer adam in _adams) adam.Dispose();
        _scope.Dispose();
    }

    private static double[] Flat(params Tensor[] tensors) =>
        [.. tensors.SelectMany(t => t.detach().data<double>().ToArray())];
}
