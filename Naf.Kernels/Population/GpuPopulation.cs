using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Network;
using Naf.Kernels.Replay;
using Naf.Kernels.Update;
using Two = Naf.Kernels.Network.Twice<float, Naf.Kernels.Network.OneRow<float>>;
using UpdateKernel = Naf.Gpu.Accelerators.DeviceKernel<Naf.Kernels.Update.UpdateArguments<float>>;

namespace Naf.Kernels.Population;

/// <summary>
/// Learners on a GPU. An update call uploads the new transitions and a table of the updates, launches, and returns
/// without waiting; its losses are read at the next call, or when a report is requested.
/// </summary>
internal sealed class GpuPopulation : LearnerPopulation
{
    private readonly BufferScope _scope;
    private readonly UpdateKernel[] _updates;
    private readonly UpdateKernel _copyWeights;
    private readonly DeviceKernel<PolicyArguments<float>> _act, _outputs;
    private readonly DeviceBuffer<TileShape> _tiles;
    private readonly DeviceBuffer<int> _arrived;
    private readonly GpuReplay _replay;
    private readonly Lock _acting = new();
    private DeviceKernel<PolicyArguments<float>>? _actWithLower;
    private DeviceBuffer<float> _results, _rates, _x, _u, _lower;
    private DeviceBuffer<LearnerCall> _calls;
    private int _pending, _arrivedBefore;

    /// <param name="plan">How to map the work onto the device; null for <see cref="LaunchPlan.Choose"/>.</param>
    /// <exception cref="DeviceException">The networks, or the learners, do not fit.</exception>
    public GpuPopulation(
        BufferScope scope, LearnerShape shape, float[] inputScale, Learner[] learners, LaunchPlan? plan)
        : base(scope.Device, shape, inputScale, learners)
    {
        (GpuDevice device, int batch) = (scope.Device, Batch);
        _scope = scope;
        plan ??= LaunchPlan.Choose(device.Info, device.Limits, shape, batch, learners.Length);
        if (shape.BatchNorm && plan.Rows < batch)
            throw new ArgumentException(
                $"batch normalisation needs all {batch} samples in one group, and the plan has {plan.Rows}");
        Layout = shape.Layout(batch, plan.Rows, plan.TileRows, MlpWeights.TileColumns);
        LearnerSizes sizes = Layout.Sizes;
        (LaunchPlan, _updates, _outputs) = plan.RowsPerThread switch
        {
            8 => Load<Twice<float, Twice<float, Two>>>(device, plan, shape, learners.Length),
            4 => Load<Twice<float, Two>>(device, plan, shape, learners.Length),
            2 => Load<Two>(device, plan, shape, learners.Length),
            _ => Load<OneRow<float>>(device, plan, shape, learners.Length),
        };
        _copyWeights = device.Load<UpdateArguments<float>>(UpdateKernels.CopyWeights, plan.Threads);
        _act = LoadActing(PolicyKernels.Act<DynamicMemory>);
        States = scope.Allocate<float>((long)sizes.Row * learners.Length);
        (Layers, _tiles) = (scope.Allocate<LayerShape>(Layout.Layers.AsSpan()),
            scope.Allocate<TileShape>(Layout.Tiles.AsSpan()));
        _replay = new GpuReplay(scope, [.. learners.Select(l => l.Replay)], capacity: 0);
        Imagined = new GpuReplay(scope, [.. learners.Select(l => l.Imagined)], learners[0].Imagined.Capacity);
        (_results, _rates, _calls) = (scope.Allocate<float>(0), scope.Allocate<float>(0),
            scope.Allocate<LearnerCall>(0));
        (_x, _u, _lower) = (scope.Allocate<float>(0), scope.Allocate<float>(0), scope.Allocate<float>(0));
        _arrived = scope.Allocate<int>(learners.Length);
        for (int p = 0; p < learners.Length; p++)
        {
            States.Upload(inputScale, At(p, sizes.InputScale));
            States.Upload([.. learners[p].Settings.Places.Select(s => (float)s)], At(p, sizes.Settings));
        }
        Push();
    }

    public LaunchPlan LaunchPlan { get; }

    public LearnerLayout Layout { get; }

    /// <summary>[learners, row], the learners.</summary>
    public DeviceBuffer<float> States { get; }

    /// <summary>As <see cref="LearnerLayout.Layers"/>.</summary>
    public DeviceBuffer<LayerShape> Layers { get; }

    public GpuReplay Imagined { get; }

    private protected override void Mean(int first, int learners, ReadOnlySpan<float> x, Span<float> u)
    {
        // the buffers serve one call at a time
        lock (_acting)
        {
            _scope.EnsureCapacity(ref _x, x.Length).Upload(x);
            PolicyArguments<float> arguments = Policy(first, learners, 1);
            (arguments.Network, arguments.First) = Shape.Mean;
            (arguments.Count, arguments.Outputs) = (Shape.Action, _scope.EnsureCapacity(ref _u, u.Length).View);
            _act.Launch(learners, arguments);
            _u.Download(u);
        }
    }

    private protected override void MeanAndLower(
        int first, int learners, ReadOnlySpan<float> x, Span<float> u, Span<float> lower)
    {
        lock (_acting)
        {
            _actWithLower ??= LoadActing(PolicyKernels.ActWithLower<DynamicMemory>);
            _scope.EnsureCapacity(ref _x, x.Length).Upload(x);
            PolicyArguments<float> arguments = Policy(first, learners, 1);
            (arguments.Network, arguments.First) = Shape.Mean;
            (arguments.LowerNetwork, arguments.LowerFirst) = Shape.Triangle;
            (arguments.Count, arguments.Outputs) = (Shape.Action, _scope.EnsureCapacity(ref _u, u.Length).View);
            arguments.Lower = _scope.EnsureCapacity(ref _lower, lower.Length).View;
            _actWithLower.Launch(2 * learners, arguments);
            _u.Download(u);
            _lower.Download(lower);
        }
    }

    private protected override float[] Outputs(int learner, int network, float[] x, ReadOnlySpan<float> late)
    {
        MlpShape shape = AllLearners[learner].Networks[network];
        var outputs = new float[x.Length / Shape.State * shape.Output];
        lock (_acting)
        {
            _scope.EnsureCapacity(ref _x, x.Length).Upload(x);
            _scope.EnsureCapacity(ref _u, late.Length + outputs.Length).Upload(late);
            PolicyArguments<float> arguments = Policy(learner, x.Length / Shape.State, Layout.Sizes.Rows) with
            {
                Network = network, Count = shape.Output, LateSize = shape.Late, Late = _u.View,
                Outputs = _u.View.SubView(late.Length),
            };
            _outputs.Launch((arguments.Samples + arguments.Rows - 1) / arguments.Rows, arguments);
            _u.Download(outputs, late.Length);
        }
        return outputs;
    }

    /// <summary>Records that a transition was added to a learner's replay.</summary>
    public void Stored(int learner) => _replay.Added(learner);

    /// <summary>Brings the host's counters and the device's R_f up to date before rollouts write to R_f.</summary>
    public void PrepareImagination()
    {
        Collect();
        Imagined.Flush();
    }

    public override void Update(int imagined, int real)
    {
        int updates = imagined + real;
        if (updates == 0) return;
        PrepareImagination();
        _replay.Flush();
        _scope.EnsureCapacity(ref _results, 4L * updates * Learners);
        _scope.EnsureCapacity(ref _calls, Learners).Upload([.. AllLearners.Select(l => new LearnerCall
        {
            Seed = l.Settings.Seed, Updates = (ulong)l.Updates, RealCount = l.Replay.Count,
            ImaginedCount = l.Imagined.Count, Active = l.Active ? 1 : 0, LowValue = l.TargetLimits.Low,
            HighValue = l.TargetLimits.High,
        })]);
        _scope.EnsureCapacity(ref _rates, (long)(AllLearners[0].Networks.Length + 1) * updates * Learners)
            .Upload(Rates(updates));
        Launch(new UpdateArguments<float>
        {
            States = States.View, Results = _results.View, Calls = _calls.View, Rates = _rates.View,
            Replay = _replay.Rows.View, Imagined = Imagined.Rows.View, Layers = Layers.View, Tiles = _tiles.View,
            Arrived = _arrived.View, Sizes = Layout.Sizes, Action = Shape.Action,
            ForwardTasks = Shape.Tasks.Forward, BackwardTasks = Shape.Tasks.Backward,
            ReplayRow = _replay.RowLength, ReplayRows = _replay.RowsOfLearner,
            ImaginedRows = Imagined.RowsOfLearner, Learners = Learners, Parts = LaunchPlan.Parts,
            Updates = updates, ImaginedUpdates = imagined, ArrivedBefore = _arrivedBefore,
        });
        // a learner's groups meet at a barrier after each of the four phases
        if (IsCooperative) _arrivedBefore += 4 * updates * LaunchPlan.Parts;
        _pending = updates;
    }

    /// <summary>Brings the learners' counters and reports up to date.</summary>
    public void Collect()
    {
        if (_pending == 0) return;
        var results = new float[4 * _pending * Learners];
        _results.Download(results);
        for (int i = 0; i < results.Length; i += 4)
        {
            Learner learner = AllLearners[i / 4 % Learners];
            if (results[i + 3] > 0) learner.Record(results[i], results[i + 1], results[i + 2]);
            else if (results[i + 3] < 0) learner.Stop();
        }
        _pending = 0;
    }

    /// <summary>Downloads all of the learners' state to host memory.</summary>
    public void Fetch()
    {
        PrepareImagination();
        for (int p = 0; p < Learners; p++)
            foreach ((int at, HostBuffer host) in AllLearners[p].Places(Layout.Sizes))
                States.Download(host.Span, At(p, at));
        Imagined.Download();
    }

    /// <summary>Downloads θ and the running statistics of one learner to host memory.</summary>
    public void FetchNetworks(int learner)
    {
        Learner l = AllLearners[learner];
        lock (_acting)
        {
            States.Download(l.Parameters.Span, At(learner, Layout.Sizes.Parameters));
            States.Download(l.Statistics.Span, At(learner, Layout.Sizes.Statistics));
        }
    }

    /// <summary>Uploads the learners' host memory after it was loaded.</summary>
    public void Push()
    {
        _pending = 0;
        for (int p = 0; p < Learners; p++)
        {
            foreach ((int at, HostBuffer host) in AllLearners[p].Places(Layout.Sizes))
                States.Upload(host.Span, At(p, at));
            States.Upload([AllLearners[p].Finite ? 0 : 1], At(p, Layout.Sizes.Stopped));
        }
        Imagined.Reload();
        _replay.Reload();
        _copyWeights.Launch(Learners * Layout.Sizes.Tiles,
            new UpdateArguments<float> { States = States.View, Tiles = _tiles.View, Sizes = Layout.Sizes });
    }

    /// <summary>Fills the updates' work memory with NaN: an update must write it before reading it.</summary>
    public void Poison()
    {
        float[] poison = [.. Enumerable.Repeat(float.NaN, Layout.Sizes.Row - Layout.Work)];
        for (int p = 0; p < Learners; p++) States.Upload(poison, At(p, Layout.Work));
    }

    public override void Dispose()
    {
        _scope.Dispose();
        base.Dispose();
    }

    private bool IsCooperative => LaunchPlan is { Launch: PlanLaunch.Together, Parts: > 1 };

    private long At(int learner, int place) => (long)learner * Layout.Sizes.Row + place;

    private void Launch(UpdateArguments<float> arguments)
    {
        int groups = arguments.Learners * arguments.Parts;
        if (_updates.Length == 1)
            _updates[0].Launch(groups, arguments, IsCooperative);
        else
            for (; arguments.Update < arguments.Updates; arguments.Update++)
                foreach (UpdateKernel phase in _updates) phase.Launch(groups, arguments);
    }

    private DeviceKernel<PolicyArguments<float>> LoadActing(Action<PolicyArguments<float>> entry) =>
        _scope.Device.Load(entry, LaunchPlan.Threads,
            sizeof(float) * LaunchPlan.ForwardLength(1, Layout.Sizes.Stride, 1, LaunchPlan.Threads));

    private PolicyArguments<float> Policy(int learner, int samples, int rows) => new()
    {
        States = States.View, Layers = Layers.View, X = _x.View, Sizes = Layout.Sizes,
        Learner = learner, Samples = samples, Rows = rows,
    };

    // [learners, updates, networks + 1], Adam's rates and epsilon; bias corrections in double, as on a CPU
    private float[] Rates(int updates)
    {
        int networks = AllLearners[0].Networks.Length;
        var rates = new float[(networks + 1) * updates * Learners];
        for (int i = 0; i < rates.Length; i += networks + 1)
        {
            int update = i / (networks + 1);
            Learner l = AllLearners[update / updates];
            for (int n = 0; n < networks; n++)
            {
                (double rate, double epsilon) =
                    Shape.Adam(n, l.Settings).Corrected(l.Updates + update % updates + 1);
                (rates[i + n], rates[i + networks]) = ((float)rate, (float)epsilon);
            }
        }
        return rates;
    }

    // loads the plan's kernels; groups that wait for each other are limited to those that the device can run at once
    private static (LaunchPlan, UpdateKernel[], DeviceKernel<PolicyArguments<float>>) Load<TSums>(
        GpuDevice device, LaunchPlan plan, LearnerShape shape, int learners) where TSums : struct, IRowSums<float>
    {
        UpdateEntries entries = shape.Entries<TSums>();
        int all = plan.SharedBytes(shape);
        var outputs = device.Load<PolicyArguments<float>>(
            PolicyKernels.Outputs<DynamicMemory, TSums>, plan.Threads, plan.ForwardBytes(shape.Networks()));
        if (plan.Launch == PlanLaunch.ByPhase)
            return (plan,
            [
                Kernel(entries.Forward, plan.PassBytes(shape, backward: false)),
                Kernel(entries.Backward, plan.PassBytes(shape, backward: true)),
                Kernel(entries.Gradient, plan.WeightBytes),
                Kernel(entries.Apply, plan.WeightBytes),
            ], outputs);
        if (plan.Parts > 1)
        {
            UpdateKernel cooperative = Kernel(entries.Cooperative, all);
            int parts = Math.Min(plan.Parts, cooperative.ResidentGroups / learners);
            if (parts > 1) return (plan with { Parts = parts }, [cooperative], outputs);
        }
        return (plan with { Parts = 1 }, [Kernel(entries.GroupPerLearner, all)], outputs);

        UpdateKernel Kernel(Action<UpdateArguments<float>> entry, int bytes) => device.Load(entry, plan.Threads, bytes);
    }
}
