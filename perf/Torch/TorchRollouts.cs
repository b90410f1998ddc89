using Naf.Checks.Comparisons;
using Naf.Kernels.Gaussian;
using Naf.Kernels.Rollout;
using Naf.Kernels.Update;
using TorchSharp;
using static TorchSharp.torch;

namespace Naf.Perf;

/// <summary>
/// Imagination rollouts in PyTorch, all of them one step at a time: u = clip(tanh(network(x)) + σ ε, −1, 1), s′ = M_tᵀ
/// [s; u; 1; ε′] with one model per time step and rollouts at different ones, x = s, a reward of three terms, the row
/// [x | u | r | b | x′] written to the replay. Belongs to the dispose scope of its constructor.
/// </summary>
internal sealed class TorchRollouts
{
    private const double Alpha = 0.1;

    private readonly int _state, _action, _steps;
    private readonly double _noise;
    private readonly bool _bucketed, _drawn;
    private readonly Tensor _w1, _b1, _w2, _b2, _w3, _b3, _model, _start, _time, _z, _spread, _place;
    private readonly long _buckets, _bucket;

    /// <param name="trial">The trial of a <c>RolloutBenchmark</c>, whose observation is the state.</param>
    /// <param name="bucketed">
    /// Whether rollouts of one time step share a batched product with its model, the fastest variant known to us on a
    /// CPU; otherwise each gathers its own model.
    /// </param>
    public TorchRollouts(RolloutTrial trial, bool bucketed, Device device)
    {
        (RolloutDefinition definition, Learner learner) = (trial.Rollouts.Definition, trial.Learner(0));
        (RolloutSettings settings, RolloutStarts starts) = (trial.Rollouts.Settings(0), trial.Rollouts.Starts(0));
        DynamicsShape shape = definition.Dynamics;
        (_state, _action, _steps) = (shape.State, shape.Action, settings.Steps);
        (_noise, _bucketed, _drawn) = (settings.ActionNoise, bucketed, settings.SampleDynamics);
        Tensor[] layers = TorchParameters.Of(learner)[1];
        // fold the input scale into the first layer
        layers[0].mul_(tensor(trial.InputScale).unsqueeze(1));
        layers = [.. layers.Select(part => part.to(device))];
        (_w1, _b1, _w2, _b2, _w3, _b3) = (layers[0], layers[1], layers[2], layers[3], layers[4], layers[5]);
        float[] dynamics = RolloutTrial.DrawDynamics(shape, learner.Settings.Seed);
        int[] times = starts.Time[..starts.Count].ToArray();
        // rows: the columns of F, f, the columns of chol(N)
        _model = tensor(dynamics).view(shape.Horizon, -1, shape.PackedRow).narrow(2, 0, _state).contiguous().to(device);
        (_start, _time) =
            (tensor(starts.State.ToArray()).view(-1, _state).to(device), tensor(times, int64).to(device));
        _z = ones(times.Length, shape.Input + 1 + _state, device: device);
        if (!_drawn) _z.narrow(1, shape.Input + 1, _state).zero_();
        Rows = empty(times.Length, _steps, definition.RowLength, device: device);
        Rows.select(2, _state + _action + 1).fill_(1);

        // index of each rollout in the bucket of its time step
        int[] counts = new int[shape.Horizon], ranks = [.. times.Select(t => counts[t]++)];
        (_bucket, _buckets) = (counts.Max(), shape.Horizon - _steps + 1);
        _place = tensor(times.Zip(ranks, (t, rank) => t * _bucket + rank).ToArray()).to(device);
        _spread = zeros(_buckets * _bucket, shape.Input + 1 + _state, device: device);
    }

    /// <summary>[rollouts, steps, RowLength].</summary>
    public Tensor Rows { get; }

    /// <summary>Performs all steps of all rollouts.</summary>
    public void Run()
    {
        using DisposeScope scope = NewDisposeScope();
        using var noGradients = no_grad();
        Tensor x = _start;
        for (int i = 0; i < _steps; i++)
        {
            // u = clip(μ(x) + σ ε, −1, 1)
            Tensor h = x.matmul(_w1).add_(_b1).relu_();
            h = h.matmul(_w2).add_(_b2).relu_();
            Tensor u = h.matmul(_w3).add_(_b3).tanh_();
            if (_noise > 0) u.add_(randn_like(u), alpha: _noise);
            u.clamp_(-1, 1);
            _z.narrow(1, 0, _state).copy_(x);
            _z.narrow(1, _state, _action).copy_(u);
            if (_drawn) _z.narrow(1, _state + _action + 1, _state).normal_();
            Tensor next = Next(i);

            // reward: distance, a sharper distance, action cost
            Tensor distance = x.narrow(1, 0, 2).square().sum(1).add_(Alpha * Alpha).sqrt_().sub_(Alpha);
            Tensor sharp = x.narrow(1, 0, 3).square().sum(1).div_(Alpha * Alpha).log1p_();
            Tensor r = distance.neg_().add_(sharp, alpha: -0.1).add_(u.square().sum(1), alpha: -0.01);
            Tensor row = Rows.select(1, i);
            row.narrow(1, 0, _state).copy_(x);
            row.narrow(1, _state, _action).copy_(u);
            row.select(1, _state + _action).copy_(r);
            row.narrow(1, _state + _action + 2, _state).copy_(next);
            x = next;
        }
    }

    // s′ = M_tᵀ [s; u; 1; ε′] at time step t + i
    private Tensor Next(int i)
    {
        if (!_bucketed) return bmm(_z.unsqueeze(1), _model.index_select(0, _time + i)).squeeze(1);
        _spread.index_copy_(0, _place, _z);
        Tensor all = bmm(_spread.view(_buckets, _bucket, -1), _model.narrow(0, i, _buckets));
        return all.view(_buckets * _bucket, -1).index_select(0, _place);
    }
}
