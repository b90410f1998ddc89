using Naf.Kernels.Network;
using Naf.Kernels.Update;
using Naf.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// The NAF update of one learner as users of TorchSharp write it: three nn.Sequential, autograd, torch.optim.Adam. Lives in the dispose scope of its
/// constructor.
/// </summary>
internal sealed class TorchModules
{
    private readonly NafShape _shape;
    private readonly LearnerSettings _settings;
    private readonly int _batch, _count;
    private readonly Sequential[] _networks;
    private readonly Sequential _target;
    private readonly optim.Optimizer _adam;
    private readonly Tensor _replay;

    public TorchModules(NafShape shape, LearnerSettings settings, Transitions replay, int batch, Device device)
    {
        (_shape, _settings, _batch, _count) = (shape, settings, batch, replay.Count);
        float[][] born = TorchParameters.AtBirth(shape, settings);
        _networks = [.. shape.Networks().Select((network, n) => Module(network, born[n]).to(device))];
        _target = Module(shape.Networks()[0], born[0]).to(device);
        _adam = optim.Adam(_networks.SelectMany(n => n.parameters()), settings.LearningRate, settings.Beta1, settings.Beta2, settings.Epsilon);
        _replay = tensor(replay.Rows).view(replay.Count, -1).to(device);
    }

    /// <summary>One update, from the given rows or from drawn ones.</summary>
    /// <returns>Loss, gradient norm and mean Q where rows are given.</returns>
    public (double Loss, double Norm, double MeanQ) Update(long[]? rows = null)
    {
        using DisposeScope scope = NewDisposeScope();
        (int s, int a) = (_shape.State, _shape.Action);
        Tensor taken = rows is null ? randint(_count, [_batch], device: _replay.device) : tensor(rows).to(_replay.device);
        Tensor t = _replay.index_select(0, taken);
        Tensor x = t.narrow(1, 0, s), u = t.narrow(1, s, a), r = t.select(1, s + a), bootstrap = t.select(1, s + a + 1);
        Tensor y;
        using (no_grad()) y = r + _settings.Gamma * bootstrap * _target.forward(t.narrow(1, s + a + 2, s)).squeeze(1);

        Tensor[] heads = [.. _networks.Select(network => network.forward(x))];
        Tensor q = TorchAdvantage.Value(heads[0].squeeze(1), heads[1], heads[2], u, _settings.LogDiagonalBound);
        Tensor loss = nn.functional.mse_loss(q, y);
        _adam.zero_grad();
        loss.backward();
        (double, double, double) report = rows is null ? default : (loss.item<float>(), Norm(), q.mean().item<float>());
        _adam.step();
        using (no_grad())
            foreach ((Parameter target, Parameter online) in _target.parameters().Zip(_networks[0].parameters())) target.lerp_(online, _settings.Tau);
        return report;
    }

    private double Norm() => Math.Sqrt(_networks.SelectMany(n => n.parameters()).Sum(p => p.grad!.square().sum().to(float64).item<double>()));

    private static Sequential Module(MlpShape shape, float[] theta)
    {
        var layers = new List<nn.Module<Tensor, Tensor>>();
        using var noGradients = no_grad();
        for (int l = 0; l <= shape.Layers; l++)
        {
            Linear linear = nn.Linear(shape.Inputs(l), l < shape.Layers ? shape.Hidden[l] : shape.Output);
            linear.weight.copy_(TorchParameters.Weights(shape, theta, l).t());
            linear.bias!.copy_(TorchParameters.Biases(shape, theta, l).view(-1));
            layers.Add(linear);
            if (l < shape.Layers) layers.Add(nn.ReLU());
        }
        return nn.Sequential(layers);
    }
}
