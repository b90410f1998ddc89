using Naf.Kernels.Network;
using Naf.Kernels.Population;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;
using TorchSharp;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// The NAF update as fast as PyTorch allows from .NET: flat parameters, the hidden layers of all networks and learners
/// as one batched product, the gradient by hand. Three networks with two hidden layers of equal width. Belongs to the
/// dispose scope of its constructor.
/// </summary>
internal sealed class TorchUpdate
{
    private readonly int _learners, _state, _action, _batch, _count;
    private readonly LearnerSettings _settings;
    private readonly long[] _sizes;
    private readonly long[][] _shapes;
    private readonly Tensor[] _views, _valueViews, _targetViews;
    private readonly Tensor _flat, _first, _second, _replay, _firstRows, _diagonal, _index, _mask, _lower;
    private long _step;

    /// <summary>Creates the learners; learning rates are those of the first learner.</summary>
    public TorchUpdate(LearnerPopulation population, Device device)
    {
        (_state, _action, _batch) = (population.Shape.State, population.Shape.Action, population.Batch);
        Learner[] learners = [.. Enumerable.Range(0, population.Learners).Select(population.LearnerAt)];
        (_learners, _settings, _count) = (learners.Length, learners[0].Settings, learners[0].Replay.Count);
        Tensor[][][] parameters = [.. learners.Select(TorchParameters.Of)];

        // hidden layers [3 P, in, out], network by network, then heads [P, in, out]; weights and biases alternate
        var parts = new List<Tensor>();
        for (int l = 0; l < 2; l++) AddLayer(Enumerable.Range(0, 3), l);
        for (int n = 0; n < 3; n++) AddLayer([n], 2);
        (_shapes, _sizes) = ([.. parts.Select(p => p.shape)], [.. parts.Select(p => p.numel())]);
        _flat = cat([.. parts.Select(p => p.view(-1))]).to(device);
        (_first, _second) = (zeros_like(_flat), zeros_like(_flat));
        _views = Split(_flat);
        _valueViews = [.. _views[..4].Select(part => part.narrow(0, 0, _learners)), .. _views[4..6]];
        _targetViews = [.. _valueViews.Select(part => part.clone())];
        _replay = cat([.. learners.Select(l => tensor(l.Replay.Rows.ToArray()).view(_count, -1))]).to(device);
        _firstRows = arange(_learners, device: device).unsqueeze(1) * _count;

        (_index, Tensor mask) = TorchParameters.Triangle(_action, device);
        (_mask, _lower) = (mask.view(_action, _action), mask.nonzero().view(-1));
        _diagonal = _index.view(_action, _action).diagonal().contiguous();

        void AddLayer(IEnumerable<int> which, int layer)
        {
            for (int part = 2 * layer; part < 2 * layer + 2; part++)
                parts.Add(stack(which.SelectMany(n => parameters.Select(learner => learner[n][part]))));
        }
    }

    /// <summary>Performs one update of every learner.</summary>
    /// <param name="rows">[P, batch, RowLength]; null to sample them.</param>
    /// <returns>Loss, gradient norm and mean Q over all learners if rows are given.</returns>
    public float[] Update(Tensor? rows = null)
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGradients = inference_mode();
        Tensor t = rows ?? _replay.index_select(0,
            randint(_count, [_learners, _batch], device: _flat.device).add_(_firstRows).view(-1))
            .view(_learners, _batch, -1);
        Tensor x = t.narrow(2, 0, _state), u = t.narrow(2, _state, _action);
        Tensor next = t.narrow(2, _state + _action + 2, _state);
        Tensor r = t.select(2, _state + _action), bootstrap = t.select(2, _state + _action + 1);

        // y = r + γ b V′(x′)
        Tensor h = bmm(next, _targetViews[0]).add_(_targetViews[1]).relu_();
        h = bmm(h, _targetViews[2]).add_(_targetViews[3]).relu_();
        Tensor y = bmm(h, _targetViews[4]).add_(_targetViews[5]).squeeze(2).mul_(bootstrap)
            .mul_(_settings.Gamma).add_(r);
        (Tensor q, Tensor gradient) = Gradient(x, u, y);
        float[] report = rows is null
            ? []
            : [(q - y).square().mean().item<float>(), gradient.norm().item<float>(), q.mean().item<float>()];
        Adam(gradient);
        return report;
    }

    // Q [P, batch] and ∂loss/∂θ
    private (Tensor Q, Tensor Gradient) Gradient(Tensor x, Tensor u, Tensor y)
    {
        const float bound = 5;
        Tensor[] w = _views;
        Tensor x3 = _learners == 1 ? x.expand(3, -1, -1) : x.repeat(3, 1, 1);
        Tensor h1 = bmm(x3, w[0]).add_(w[1]).relu_(), h2 = bmm(h1, w[2]).add_(w[3]).relu_();
        Tensor[] top = [.. Enumerable.Range(0, 3).Select(n => h2.narrow(0, n * _learners, _learners))];
        Tensor v = bmm(top[0], w[4]).add_(w[5]).squeeze(2), mu = bmm(top[1], w[6]).add_(w[7]).tanh_(),
            l = bmm(top[2], w[8]).add_(w[9]);

        // L, d = u − μ, z = Lᵀ d, Q = V − ½ zᵀz
        Tensor bounded = l.index_select(2, _diagonal).mul_(1 / bound).tanh_(), diagonal = (bounded * bound).exp_();
        Tensor packed = l.index_copy_(2, _diagonal, diagonal).view(_learners * _batch, -1);
        Tensor lower = packed.index_select(1, _index).view(-1, _action, _action).mul_(_mask);
        Tensor d = (u - mu).view(-1, 1, _action), z = bmm(d, lower);
        Tensor q = v - z.square().sum(2).view(_learners, _batch).mul_(0.5);

        // ∂/∂V, ∂/∂m and ∂/∂l of the mean squared TD error
        Tensor dq = (q - y).mul_(2.0 / _batch).unsqueeze(2);
        Tensor dMu = bmm(z, lower.transpose(1, 2)).view(_learners, _batch, -1).mul_(dq).mul_(1 - mu * mu);
        Tensor dL = bmm(d.transpose(1, 2), z).mul_(-dq.view(-1, 1, 1)).view(_learners, _batch, -1)
            .index_select(2, _lower);
        dL.index_copy_(2, _diagonal, dL.index_select(2, _diagonal).mul_(diagonal).mul_(1 - bounded * bounded));
        Tensor[] heads = [dq, dMu, dL];

        // backpropagate through the layers
        Tensor[] g = new Tensor[10];
        for (int n = 0; n < 3; n++)
            (g[4 + 2 * n], g[5 + 2 * n]) = (bmm(top[n].transpose(1, 2), heads[n]), heads[n].sum(1));
        Tensor d2 = cat([.. heads.Select((head, n) => bmm(head, w[4 + 2 * n].transpose(1, 2)))]).mul_(h2.sign());
        (g[2], g[3]) = (bmm(h1.transpose(1, 2), d2), d2.sum(1));
        Tensor d1 = bmm(d2, w[2].transpose(1, 2)).mul_(h1.sign_());
        (g[0], g[1]) = (bmm(x3.transpose(1, 2), d1), d1.sum(1));
        return (q, cat([.. g.Select(part => part.view(-1))]));
    }

    // θ ← θ − α m̂ / (√v̂ + ε), θ′ ← τ θ + (1 − τ) θ′
    private void Adam(Tensor gradient)
    {
        _step++;
        double b1 = AdamSettings.Beta1, b2 = AdamSettings.Beta2;
        _first.mul_(b1).add_(gradient, alpha: 1 - b1);
        _second.mul_(b2).addcmul_(gradient, gradient, 1 - b2);
        Tensor root = _second.sqrt().div_(Math.Sqrt(1 - Math.Pow(b2, _step))).add_(_settings.Epsilon);
        _flat.addcdiv_(_first, root, -_settings.LearningRate / (1 - Math.Pow(b1, _step)));
        for (int i = 0; i < _targetViews.Length; i++) _targetViews[i].lerp_(_valueViews[i], _settings.Tau);
    }

    private Tensor[] Split(Tensor flat) => [.. flat.split(_sizes).Select((part, i) => part.view(_shapes[i]))];
}
