using System.Runtime.CompilerServices;
using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// Updates on a GPU. A call uploads the new transitions and a table of what is to be made, launches, and returns without waiting; its losses
/// are read when the next call comes, or when they are asked for.
/// </summary>
internal sealed class GpuTrainer : INafTrainer
{
    // as NafLearner.gpu.c
    private const int CallHeader = 8;

    private readonly GpuDevice _device;
    private readonly Learner[] _learners;
    private readonly LaunchPlan _plan;
    private readonly DeviceKernel[] _phases;
    private readonly DeviceKernel _update, _act, _transpose;
    private readonly GpuReplay _replay;
    private readonly GpuStaging _imagined;
    private readonly DeviceBuffer<uint> _meetings;
    private readonly Lock _acting = new();
    private readonly int _tiles, _forwardBytes, _sharedBytes;
    private DeviceBuffer<float> _results, _x, _u;
    private DeviceBuffer<int> _calls;
    private int _pending;
    private uint _met;

    /// <param name="plan">How to lay the work onto the device; null: as <see cref="LaunchPlan.Choose"/> says.</param>
    /// <exception cref="DeviceException">The networks, or the learners, do not fit.</exception>
    public GpuTrainer(GpuDevice device, NafShape shape, float[] inputScale, int batch, Learner[] learners, LaunchPlan? plan = null)
    {
        (_device, _learners, Networks) = (device, learners, new GpuNafNetworks(shape));
        _plan = plan ?? LaunchPlan.Choose(device, Networks, batch, learners.Length);
        (_tiles, _forwardBytes, _sharedBytes) = (_plan.Tiles(Networks), _plan.ForwardBytes(Networks), _plan.SharedBytes(Networks));
        var layout = new LearnerLayout(Networks, batch, _tiles);
        DeviceProgram program = device.Compile(UpdateSource(Networks, _plan, layout, batch));
        _phases = [program["naf_forward"], program["naf_backward"], program["naf_gradient"], program["naf_apply"]];
        (_update, _act, _transpose) = (program["naf_update"], program["naf_act"], program["naf_transpose"]);
        if (Waits)
        {
            // groups that wait for each other have to fit onto the device together
            int room = device.ResidentGroups(_update, new LaunchShape(1, _plan.Threads, _sharedBytes));
            _plan = _plan with { Parts = Math.Clamp(room / learners.Length, 1, _plan.Parts) };
        }
        Arrays = new GpuLearners(device, layout, inputScale, learners);
        _replay = new GpuReplay(device, learners, program["replay_insert"], _plan.Threads);
        _imagined = new GpuStaging(device, [.. learners.Select(l => l.Imagined)], program["replay_insert"], _plan.Threads);
        (_x, _u, _results) = (device.Allocate<float>(0), device.Allocate<float>(0), device.Allocate<float>(0));
        (_calls, _meetings) = (device.Allocate<int>(0), device.Allocate<uint>(learners.Length));
        Push();
    }

    public string Plan => _plan.ToString();

    /// <summary>How the work is laid onto the device.</summary>
    public LaunchPlan LaunchPlan => _plan;

    /// <summary>Sizes and places of the networks.</summary>
    public GpuNafNetworks Networks { get; }

    /// <summary>The learners on the device.</summary>
    public GpuLearners Arrays { get; }

    private bool Waits => _plan is { Launch: PlanLaunch.Together, Parts: > 1 };

    /// <summary>The kernels for these networks under a plan.</summary>
    public static KernelSource UpdateSource(GpuNafNetworks networks, LaunchPlan plan, LearnerLayout layout, int batch) => KernelSource.Load(
        typeof(GpuTrainer).Assembly, "NafUpdate.gpu.c",
        [
            .. networks.Constants, .. plan.Constants, .. layout.Constants, new("BATCH", batch), new("TILES", plan.Tiles(networks)),
            new("STREAM_MINIBATCH", (int)RandomStream.Minibatch),
            new("SMALLEST_FIRST", AdamConstants.SmallestFirst), new("SMALLEST_SECOND", AdamConstants.SmallestSecond),
        ],
        new Dictionary<string, string>([networks.Source]));

    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u)
    {
        NafShape shape = Networks.Shape;
        if (x.Length != shape.State || u.Length != shape.Action)
            throw new ArgumentException($"x has {x.Length} entries and u {u.Length}, expected {shape.State} and {shape.Action}");
        Act(learner, 1, x, u);
    }

    public void ActAll(ReadOnlySpan<float> x, Span<float> u) => Act(0, _learners.Length, x, u);

    public void Stored(int learner) => _replay.Added(learner);

    public void StoredImagined(int learner) => _imagined.Added(learner);

    // how many rows R_f holds is said at each call
    public void ClearedImagined(int learner) => _imagined.Forget(learner);

    /// <summary>What the host knows of the learners, and what the device has in R_f, are brought up to date before others write there.</summary>
    public void PrepareImagination()
    {
        Collect();
        _imagined.Flush(Arrays.Imagined, _learners[0].Imagined.Capacity);
    }

    public void Update(int imagined, int real)
    {
        PrepareImagination();
        _replay.Flush();
        int updates = imagined + real, callRow = CallHeader + 2 * updates;
        _device.Room(ref _results, 4L * updates * _learners.Length);
        _device.Room(ref _calls, (long)callRow * _learners.Length).Upload(Calls(updates, callRow));
        int groups = _learners.Length * _plan.Parts, parts = _plan.Parts;
        ulong rows = (ulong)_replay.Allocated, imaginedRows = (ulong)_learners[0].Imagined.Capacity;
        if (_plan.Launch == PlanLaunch.Together)
        {
            _device.Launch(_update, new LaunchShape(groups, _plan.Threads, _sharedBytes, Waits), Arrays.States, _results, _calls, _replay.Rows,
                Arrays.Imagined, rows, imaginedRows, callRow, imagined, parts, updates, _meetings, _met);
            if (Waits) _met += (uint)(updates * _phases.Length * parts);
        }
        else
            for (int k = 0; k < updates; k++)
                foreach (DeviceKernel phase in _phases)
                    _device.Launch(phase, new LaunchShape(groups, _plan.Threads, _sharedBytes), Arrays.States, _results, _calls, _replay.Rows,
                        Arrays.Imagined, rows, imaginedRows, callRow, imagined, parts, k);
        _pending = updates;
    }

    public void Collect()
    {
        if (_pending == 0) return;
        var results = new float[4 * _pending * _learners.Length];
        _results.Download(results);
        for (int i = 0; i < results.Length; i += 4)
        {
            Learner learner = _learners[i / 4 % _learners.Length];
            if (results[i + 3] > 0) learner.Record(results[i], results[i + 1], results[i + 2]);
            else if (results[i + 3] < 0) learner.Stop();
        }
        _pending = 0;
    }

    public void Fetch()
    {
        PrepareImagination();
        Arrays.Fetch();
    }

    public void Push()
    {
        _pending = 0;
        Arrays.Push();
        _imagined.Forget();
        _replay.Reload();
        _device.Launch(_transpose, new LaunchShape(_learners.Length * _tiles, _plan.Threads), Arrays.States);
    }

    public void Dispose()
    {
        Arrays.Dispose();
        _replay.Dispose();
        _imagined.Dispose();
        foreach (DeviceBuffer buffer in (DeviceBuffer[])[_meetings, _results, _x, _u, _calls]) buffer.Dispose();
    }

    private void Act(int first, int learners, ReadOnlySpan<float> x, Span<float> u)
    {
        // the buffers of one call at a time
        lock (_acting)
        {
            _device.Room(ref _x, x.Length).Upload(x);
            _device.Room(ref _u, u.Length);
            _device.Launch(_act, new LaunchShape(learners, _plan.Threads, _forwardBytes), Arrays.States, _x, _u, first);
            _u.Download(u);
        }
    }

    // [learners][header, and Adam's rate and epsilon of each update as bits], the corrections of the moments in double as on a CPU
    private int[] Calls(int updates, int callRow)
    {
        var calls = new int[callRow * _learners.Length];
        for (int p = 0; p < _learners.Length; p++)
        {
            Learner l = _learners[p];
            Span<int> call = calls.AsSpan(p * callRow, callRow);
            (call[0], call[1]) = ((int)(uint)l.Settings.Seed, (int)(l.Settings.Seed >> 32));
            (call[2], call[3]) = ((int)(uint)l.Updates, (int)(l.Updates >> 32));
            (call[4], call[5], call[6]) = (l.Replay.Count, l.Imagined.Count, l.Active ? 1 : 0);
            for (int k = 0; k < updates; k++)
            {
                (float rate, float epsilon) = l.Settings.Adam.Corrected(l.Updates + k + 1);
                (call[CallHeader + 2 * k], call[CallHeader + 2 * k + 1]) = (Unsafe.BitCast<float, int>(rate), Unsafe.BitCast<float, int>(epsilon));
            }
        }
        return calls;
    }
}
