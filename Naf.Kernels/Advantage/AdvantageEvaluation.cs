using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Network.Cpu;

namespace Naf.Kernels.Advantage;

/// <summary>
/// The normalized advantage function of many samples at once (paper, equations 7 to 9), on any device: from the
/// networks' raw outputs v, m, l and actions u to μ = tanh m, L, A = −½ |Lᵀ(u − μ)|² and Q = v + A. The formulas are
/// those of <see cref="NafAdvantage"/>.
/// </summary>
internal sealed class AdvantageEvaluation : IDisposable
{
    private readonly Device _device;
    private readonly DeviceKernel<AdvantageArguments<float>>? _kernel;
    private readonly BufferScope? _scope;
    private readonly DeviceBuffer<float>[] _inputs = [], _outputs = [];

    /// <param name="device">The device; it must outlive the evaluation.</param>
    /// <param name="action">Entries of an action, 1 to 64.</param>
    /// <param name="samples">Samples per call, at least 1.</param>
    /// <param name="bound">B: the logarithm of L's diagonal stays within ±B.</param>
    /// <exception cref="ArgumentException">There are no samples, or too many for one call.</exception>
    /// <exception cref="DeviceException">The samples do not fit onto the device.</exception>
    public AdvantageEvaluation(Device device, int action, int samples, float bound = 5)
    {
        if (samples is < 1 or > 1 << 24)
            throw new ArgumentException($"{samples} samples in a call are not possible: give 1 to {1 << 24}");
        if ((long)samples * AdvantageKernel.Packed(action, 0) > int.MaxValue)
            throw new ArgumentException(
                $"{samples} samples of {action} actions are too many for one call; give fewer samples");
        (_device, Action, Samples, Bound) = (device, action, samples, bound);
        if (device is not GpuDevice gpu) return;
        _kernel = gpu.Load<AdvantageArguments<float>>(AdvantageKernel.Evaluate, Math.Min(256, gpu.Limits.GroupThreads));
        (_scope, _inputs, _outputs) = BufferScope.Construct(gpu, scope =>
            (scope, Allocate(scope, 1, action, Packed, action), Allocate(scope, action, Packed, 1, 1)));

        DeviceBuffer<float>[] Allocate(BufferScope scope, params int[] rows) =>
            [.. rows.Select(row => scope.Allocate<float>((long)row * samples))];
    }

    /// <summary>Entries of an action.</summary>
    public int Action { get; }

    /// <summary>Samples per call.</summary>
    public int Samples { get; }

    /// <summary>B.</summary>
    public float Bound { get; }

    /// <summary>Entries of the packed lower triangle L, row by row: (0,0), (1,0), (1,1), (2,0), …</summary>
    public int Packed => AdvantageKernel.Packed(Action, 0);

    /// <summary>Evaluates all samples; the arrays have the shapes of <see cref="AdvantageArguments{T}"/>.</summary>
    public void Evaluate(
        ReadOnlySpan<float> v, ReadOnlySpan<float> m, ReadOnlySpan<float> l, ReadOnlySpan<float> u,
        Span<float> mu, Span<float> lower, Span<float> advantage, Span<float> q)
    {
        if (_kernel is null)
        {
            EvaluateOnCpu(v, m, l, u, mu, lower, advantage, q);
            return;
        }
        _inputs[0].Upload(v);
        _inputs[1].Upload(m);
        _inputs[2].Upload(l);
        _inputs[3].Upload(u);
        Launch();
        _outputs[0].Download(mu);
        _outputs[1].Download(lower);
        _outputs[2].Download(advantage);
        _outputs[3].Download(q);
    }

    /// <summary>On a GPU: evaluates the samples of the last <see cref="Evaluate"/> again, without waiting.</summary>
    internal void Launch() => _kernel!.Launch(
        Math.Min((Samples + _kernel.Threads - 1) / _kernel.Threads, 65535),
        new AdvantageArguments<float>
        {
            V = _inputs[0].View, Mean = _inputs[1].View, Triangle = _inputs[2].View, U = _inputs[3].View,
            Mu = _outputs[0].View, Lower = _outputs[1].View, Advantage = _outputs[2].View, Q = _outputs[3].View,
            Action = Action, Samples = Samples, Bound = Bound,
        });

    /// <inheritdoc/>
    public void Dispose() => _scope?.Dispose();

    private unsafe void EvaluateOnCpu(
        ReadOnlySpan<float> v, ReadOnlySpan<float> m, ReadOnlySpan<float> l, ReadOnlySpan<float> u,
        Span<float> mu, Span<float> lower, Span<float> advantage, Span<float> q)
    {
        fixed (float* pv = v, pm = m, pl = l, pu = u, pMu = mu, pLower = lower, pAdvantage = advantage, pq = q)
        {
            var rows = new AdvantageRows(pv, pm, pl, pu, pMu, pLower, pAdvantage, pq);
            WorkTeam team = ((CpuDevice)_device).Team;
            if (team.Threads == 1) Part(0);
            else team.Run(Part);

            void Part(int worker)
            {
                (int first, int last) = Mlp.Share(Samples, worker, team.Threads);
                NafAdvantage.Evaluate(rows, Action, Bound, first, last);
            }
        }
    }
}

/// <summary>Pointers to the inputs and outputs of many evaluations.</summary>
internal readonly unsafe struct AdvantageRows(
    float* v, float* m, float* l, float* u, float* mu, float* lower, float* advantage, float* q)
{
    public readonly float* V = v, M = m, L = l, U = u, Mu = mu, Lower = lower, Advantage = advantage, Q = q;
}
