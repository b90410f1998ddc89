using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>Learners with drawn weights, models and starts, whose rollouts are checked or timed.</summary>
internal sealed class RolloutTrial : IDisposable
{
    private readonly RolloutDefinition _definition;
    private readonly NafShape _shape;
    private readonly float[] _inputScale, _dynamics;
    private readonly Learner[] _learners;
    private readonly ReplayBuffer[] _imagined;
    private readonly List<DeviceBuffer<float>> _arrays = [];

    /// <param name="settings">One entry per learner; learner k has the seed firstSeed + k, and its numbers follow from it alone.</param>
    /// <param name="laneWidth">Floats of a register, or 0 for the widest.</param>
    /// <param name="plan">How to lay the work onto a GPU; null: as <see cref="RolloutPlan.Choose"/> says.</param>
    public RolloutTrial(
        Device device, RolloutDefinition definition, NafShape shape, RolloutSettings[] settings, ulong firstSeed = 5, int capacity = 0,
        int laneWidth = 0, RolloutPlan? plan = null)
    {
        (_definition, _shape) = (definition, shape);
        _inputScale = [.. Enumerable.Range(0, shape.State).Select(i => 0.5f + i % 3 * 0.25f)];
        _learners = [.. settings.Select((_, k) => new Learner(shape, new LearnerSettings { Seed = firstSeed + (ulong)k }, 1))];
        int rows = settings.Max(s => s.Rollouts * s.Steps);
        _imagined = [.. settings.Select(_ => new ReplayBuffer(shape.State, shape.Action, capacity > 0 ? capacity : rows))];
        _dynamics = [.. _learners.SelectMany(l => RolloutCheck.DrawDynamics(definition.Dynamics, l.Settings.Seed))];
        try
        {
            Rollouts = new ImaginationRollouts(shape, definition, settings, _learners, _imagined, () => device switch
            {
                CpuDevice cpu => new CpuRollouts(cpu, definition, shape, _inputScale, _learners.Length, laneWidth),
                GpuDevice gpu => OnGpu(gpu, settings.Sum(s => (long)s.Rollouts), plan),
                _ => throw new DeviceException($"device {device.Info.Name} has no kernels for imagination; use --device cpu"),
            });
            Rollouts.SetDynamics(_dynamics);
            for (int k = 0; k < settings.Length; k++)
                RolloutCheck.DrawStarts(Rollouts.Starts(k), definition, settings[k].Rollouts, settings[k].Steps, _learners[k].Settings.Seed);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public ImaginationRollouts Rollouts { get; }

    /// <summary>R_f of a learner, fetched from where it is.</summary>
    public ReplayBuffer Imagined(int learner)
    {
        ReplayBuffer replay = _imagined[learner];
        if (_arrays.Count > 0) replay.Download(_arrays[2], (long)learner * replay.Capacity * replay.RowLength);
        return replay;
    }

    public Learner Learner(int learner) => _learners[learner];

    /// <summary>One call; returns the steps stored.</summary>
    public long Run()
    {
        Rollouts.Run();
        long steps = 0;
        for (int k = 0; k < _learners.Length; k++) steps += Rollouts.Report(k).Steps;
        return steps;
    }

    /// <summary>The rows of the first call against the reference.</summary>
    public RolloutCheck.Errors Compare(int k)
    {
        int model = _definition.Dynamics.Horizon * _definition.Dynamics.PackedStep;
        return RolloutCheck.Compare(_definition, _shape, _inputScale, Rollouts.Settings(k), Rollouts.Starts(k), Rollouts.Report(k),
            _learners[k], _dynamics.AsSpan(k * model, model), Imagined(k));
    }

    public void Dispose()
    {
        Rollouts?.Dispose();
        foreach (ReplayBuffer replay in _imagined) replay.Dispose();
        foreach (Learner learner in _learners) learner.Dispose();
        foreach (DeviceBuffer<float> array in _arrays) array.Dispose();
    }

    // parameters, running statistics and R_f, which begins as what is not a number
    private GpuRollouts OnGpu(GpuDevice gpu, long rollouts, RolloutPlan? plan)
    {
        int network = _shape.SharedTrunk ? 0 : 1;
        MlpShape first = _learners[0].Networks[0];
        long rows = (long)_imagined[0].Capacity * _imagined[0].RowLength;
        _arrays.Add(gpu.Allocate<float>([.. _learners.SelectMany(l => l.Parameters.Span.ToArray())]));
        _arrays.Add(gpu.Allocate<float>([.. _learners.SelectMany(l => l.Statistics.Span.ToArray())]));
        _arrays.Add(gpu.Allocate<float>(rows * _learners.Length));
        _arrays[2].Fill(0xFF);
        return GpuDevice.Construct(() => new GpuRollouts(gpu, _definition, _shape, _inputScale, _learners.Length, rollouts,
            new LearnerArray(_arrays[0], network * first.Parameters, _learners[0].Parameters.Length),
            new LearnerArray(_arrays[1], network * first.Statistics, _learners[0].Statistics.Length), new LearnerArray(_arrays[2], 0, rows), plan));
    }
}
