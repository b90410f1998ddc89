using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using Naf.Torch;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// The NAF update of one learner as users of TorchSharp write it: three nn.Sequential, autograd, torch.optim.Adam.
/// Belongs to the dispose scope of its constructor.
/// </summary>
internal sealed class TorchModules
{
    private readonly NafShape _shape;
    private readonly LearnerSettings _settings;
    private readonly int _batch;
    private readonly Sequential[] _networks;
    private readonly Sequential _target;
    private readonly optim.Optimizer _adam;
    private readonly Tensor _replay;

    public TorchModules(LearnerPopulation population, int index, Device device)
    {
        Learner learner = population.LearnerAt(index);
        (_shape, _settings, _batch) = ((NafShape)population.Shape, learner.Settings, population.Batch);
        Tensor[][] parameters = TorchParameters.Of(learner);
        _networks = [.. parameters.Select(network => Module(network).to(device))];
        _target = Module(parameters[0]).to(device);
        _adam = optim.Adam(_networks.SelectMany(n => n.parameters()),
            _settings.LearningRate, AdamSettings.Beta1, AdamSettings.Beta2, _settings.Epsilon);
        _replay = tensor(learner.Replay.Rows.ToArray()).view(learner.Replay.Count, -1).to(device);
    }

    /// <summary>Performs one update, from the given rows [batch, RowLength] or from sampled ones.</summary>
    /// <returns>Loss, gradient norm and mean Q if rows are given.</returns>
    public float[] Update(Tensor? rows = null)
    {
        using DisposeScope scope = NewDisposeScope();
        (int s, int a) = (_shape.State, _shape.Action);
        Tensor t = rows ?? _replay.index_select(0, randint(_replay.shape[0], [_batch], device: _replay.device));
        Tensor x = t.narrow(1, 0, s), u = t.narrow(1, s, a), r = t.select(1, s + a), bootstrap = t.select(1, s + a + 1);
        Tensor y;
        using (no_grad()) y = r + _settings.Gamma * bootstrap * _target.forward(t.narrow(1, s + a + 2, s)).squeeze(1);

        Tensor[] heads = [.. _networks.Select(network => network.forward(x))];
        Tensor q = TorchAdvantage.Value(heads[0].squeeze(1), heads[1], heads[2], u, _settings.LogDiagonalBound);
        Tensor loss = nn.functional.mse_loss(q, y);
        _adam.zero_grad();
        loss.backward();
        float[] report = rows is null ? [] : [loss.item<float>(), Norm(), q.mean().item<float>()];
        _adam.step();
        using (no_grad())
            foreach ((Parameter target, Parameter online) in _target.parameters().Zip(_networks[0].parameters()))
                target.lerp_(online, _settings.Tau);
        return report;
    }

    private float Norm() => (float)Math.Sqrt(
        _networks.SelectMany(n => n.parameters()).Sum(p => p.grad!.square().sum().to(float64).item<double>()));

    private static Sequential Module(Tensor[] parameters)
    {
        var layers = new List<nn.Module<Tensor, Tensor>>();
        using var noGradients = no_grad();
        for (int l = 0; l < parameters.Length; l += 2)
        {
            if (l > 0) layers.Add(nn.ReLU());
            Linear linear = nn.Linear(parameters[l].shape[0], parameters[l].shape[1]);
            linear.weight.copy_(parameters[l].t());
            linear.bias!.copy_(parameters[l + 1].view(-1));
            layers.Add(linear);
        }
        return nn.Sequential(layers);
    }
}
