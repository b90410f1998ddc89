using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Advantage;
using Naf.Kernels.Replay;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// P learners on one device, where their parameters, Adam moments, targets and replays live. On a CPU learner k's numbers depend neither on how
/// many others there are, nor on the threads, bitwise; on a GPU they are bitwise the same for the same <see cref="Plan"/>.
/// </summary>
internal sealed class NafPopulation : IDisposable
{
    private const uint Format = 0x3246414E; // "NAF2"

    private readonly Learner[] _learners;
    private readonly CpuTrainer? _cpu;
    private readonly Device _device;

    /// <param name="device">Where to live; it must outlive the population.</param>
    /// <param name="shape">Sizes of every learner.</param>
    /// <param name="inputScale">[state]: multiplies the observation before the networks; empty: 1.</param>
    /// <param name="batch">Samples of a minibatch, at least 1.</param>
    /// <param name="replayCapacity">Transitions that each learner keeps, at least <paramref name="batch"/>.</param>
    /// <param name="imaginedCapacity">Imagined transitions that each learner keeps in R_f; 0: none.</param>
    /// <param name="plan">How a GPU lays the updates out; null: as <see cref="LaunchPlan.Choose"/> says.</param>
    /// <exception cref="ArgumentException">A size or a setting is out of range.</exception>
    /// <exception cref="DeviceException">The networks, or the learners, do not fit.</exception>
    public NafPopulation(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, int batch, int replayCapacity, IReadOnlyList<LearnerSettings> learners,
        int imaginedCapacity = 0, LaunchPlan? plan = null)
    {
        if (learners.Count == 0) throw new ArgumentException("a population needs at least one learner");
        if (batch is < 1 or > 65536) throw new ArgumentException($"batch_size = {batch} is out of range; give 1 to 65536");
        if (replayCapacity < batch)
            throw new ArgumentException($"replay_capacity = {replayCapacity} is smaller than batch_size = {batch}; make it larger");
        if (imaginedCapacity < 0) throw new ArgumentException($"the capacity of R_f is {imaginedCapacity}; give 0 or more");
        float[] scale = inputScale.IsEmpty ? [.. Enumerable.Repeat(1f, shape.State)] : inputScale.ToArray();
        if (scale.Length != shape.State) throw new ArgumentException($"the input scale has {scale.Length} entries and the observation {shape.State}");
        (_device, Shape, Batch, InputScale) = (device, shape, batch, scale);
        foreach (LearnerSettings settings in learners) settings.Check();
        _learners = [.. learners.Select(s => new Learner(shape, s, replayCapacity, imaginedCapacity))];
        try
        {
            if (device is CpuDevice cpu) _cpu = new CpuTrainer(cpu, shape, scale, batch, _learners);
            else Gpu = BufferScope.Construct(
                (GpuDevice)device, scope => new GpuTrainer(scope, shape, scale, batch, _learners, plan));
        }
        catch
        {
            foreach (Learner learner in _learners) learner.Dispose();
            throw;
        }
    }

    public NafShape Shape { get; }

    public int Batch { get; }

    /// <summary>[state]: multiplies the observation before the networks.</summary>
    internal float[] InputScale { get; }

    public int Learners => _learners.Length;

    /// <summary>How the updates are laid onto a GPU, on which the rounding of sums depends; empty on a CPU, where it depends on nothing.</summary>
    public string Plan => Gpu?.LaunchPlan.ToString() ?? "";

    /// <summary>u = μ(x), the greedy action. Different learners may act at the same time.</summary>
    /// <param name="x">[state], as observed.</param>
    /// <param name="u">[action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u)
    {
        if (x.Length != Shape.State || u.Length != Shape.Action)
            throw new ArgumentException(
                $"x has {x.Length} entries and u {u.Length}, expected {Shape.State} and {Shape.Action}");
        if (Gpu is not null) Gpu.Act(learner, 1, x, u);
        else _cpu!.Act(learner, x, u);
    }

    /// <summary>Whether one call for all learners (<see cref="ActAll"/>) takes less time than a call for each.</summary>
    public bool ActsTogether => Gpu is not null;

    /// <summary>u = μ(x) of every learner, each for its own x, in one call.</summary>
    /// <param name="x">[learners, state], as observed.</param>
    /// <param name="u">[learners, action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void ActAll(ReadOnlySpan<float> x, Span<float> u)
    {
        if (x.Length != Learners * Shape.State || u.Length != Learners * Shape.Action)
            throw new ArgumentException(
                $"x has {x.Length} entries and u {u.Length}, expected {Learners} × {Shape.State} and {Learners} × {Shape.Action}");
        Gpu?.Act(0, Learners, x, u);
        for (int k = 0; k < Learners && _cpu is not null; k++)
            _cpu.Act(k, x.Slice(k * Shape.State, Shape.State), u.Slice(k * Shape.Action, Shape.Action));
    }

    /// <summary>The value, policy and advantage of many samples (paper, equations 7 to 9), on the device.</summary>
    /// <param name="x">[samples, state], as observed.</param>
    /// <param name="u">[samples, action].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public LearnerValues Evaluate(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u)
    {
        if (x.Length == 0 || x.Length % Shape.State != 0)
            throw new ArgumentException($"x has {x.Length} entries, expected samples of {Shape.State}");
        (int n, int action) = (x.Length / Shape.State, Shape.Action);
        if (u.Length != n * action) throw new ArgumentException($"u has {u.Length} entries, expected {n} × {action}");
        var values = new LearnerValues(
            new float[n], new float[n * action], new float[n * Shape.Packed], new float[n], new float[n]);
        float bound = _learners[learner].Settings.LogDiagonalBound;
        using var evaluation = new AdvantageEvaluation(_device, action, n, bound);
        Gpu?.Evaluate(learner, x, u, evaluation, values);
        _cpu?.Evaluate(learner, x, u, evaluation, values);
        return values;
    }

    /// <summary>Adds a transition to a learner's replay.</summary>
    /// <param name="terminal">Whether the episode truly ended: a time limit is not a terminal state.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Store(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, bool terminal)
    {
        _learners[learner].Replay.Add(x, u, reward, next, terminal);
        Gpu?.Stored(learner);
    }

    /// <summary>
    /// Adds an imagined transition to a learner's R_f, behind those that <c>ImaginationRollouts</c> has put there; the oldest is overwritten.
    /// </summary>
    /// <exception cref="ArgumentException">A length is wrong, or the population has no R_f.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void StoreImagined(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, bool terminal)
    {
        ReplayBuffer imagined = _learners[learner].Imagined;
        if (imagined.Capacity == 0)
            throw new ArgumentException("the learners have no room for imagined transitions; make the population with a capacity of R_f");
        imagined.Add(x, u, reward, next, terminal);
        Gpu?.Imagined.Added(learner);
    }

    /// <summary>Empties a learner's R_f: there are no updates from it until it holds a minibatch again.</summary>
    public void ClearImagined(int learner)
    {
        _learners[learner].Imagined.Clear();
        // how many rows R_f holds is said at each call
        Gpu?.Imagined.Forget(learner);
    }

    public int ReplayCount(int learner) => _learners[learner].Replay.Count;

    public int ImaginedCount(int learner) => _learners[learner].Imagined.Count;

    /// <summary>Switches a learner's updates on or off; one that stopped itself stays off.</summary>
    public void SetActive(int learner, bool active)
    {
        Gpu?.Collect();
        _learners[learner].Active = active && _learners[learner].Finite;
    }

    /// <summary>Makes <paramref name="count"/> updates from R of every active learner that holds at least a minibatch.</summary>
    public void Update(int count) => Update(0, count);

    /// <summary>
    /// Makes updates from R_f and then from R (paper, Algorithm 2), in one call, of every active learner whose buffer holds at least a minibatch.
    /// </summary>
    /// <param name="imagined">Updates from R_f.</param>
    /// <param name="real">Updates from R.</param>
    public void Update(int imagined, int real)
    {
        if (imagined <= 0 && real <= 0) return;
        Gpu?.Update(Math.Max(imagined, 0), Math.Max(real, 0));
        _cpu?.Update(Math.Max(imagined, 0), Math.Max(real, 0));
    }

    /// <summary>Means since the last call.</summary>
    public LearnerReport TakeReport(int learner)
    {
        Gpu?.Collect();
        return _learners[learner].TakeReport();
    }

    /// <summary>Writes everything that the learners are: a population that loads it goes on bitwise as this one would.</summary>
    public void Save(Stream stream)
    {
        Gpu?.Fetch();
        using var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        writer.Write(Format);
        writer.Write(Shape.ToString());
        writer.Write(_learners.Length);
        foreach (Learner learner in _learners) learner.Save(writer);
    }

    /// <summary>Takes over what <see cref="Save"/> wrote.</summary>
    /// <exception cref="InvalidDataException">The stream holds something else; the message says what. The population is then of no use.</exception>
    public void Load(Stream stream)
    {
        using var reader = new BinaryReader(stream, System.Text.Encoding.UTF8, leaveOpen: true);
        try
        {
            if (reader.ReadUInt32() != Format) throw new InvalidDataException("the stream does not hold a NAF population of this version");
            string shape = reader.ReadString();
            if (shape != Shape.ToString())
                throw new InvalidDataException($"the checkpoint holds networks {shape} and this run {Shape}; use the settings of the run");
            int learners = reader.ReadInt32();
            if (learners != _learners.Length)
                throw new InvalidDataException($"the checkpoint holds {learners} learners and this run {_learners.Length}; use the seeds of the run");
            foreach (Learner learner in _learners) learner.Load(reader);
            Gpu?.Push();
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("the checkpoint ends too early");
        }
    }

    public void Dispose()
    {
        Gpu?.Dispose();
        _cpu?.Dispose();
        foreach (Learner learner in _learners) learner.Dispose();
    }

    /// <summary>A learner's host memory, brought up to date.</summary>
    internal Learner LearnerAt(int learner)
    {
        Gpu?.Fetch();
        return _learners[learner];
    }

    /// <summary>The learners, whose host memory may be behind on a GPU.</summary>
    internal Learner[] AllLearners => _learners;

    /// <summary>Where the learners live on a GPU; null on a CPU.</summary>
    internal GpuTrainer? Gpu { get; }
}

/// <summary>The value, policy and advantage of many samples, in scaled rewards.</summary>
/// <param name="V">[samples], V(x).</param>
/// <param name="Mu">[samples, action], μ(x).</param>
/// <param name="Lower">[samples, action (action + 1) / 2], L(x), row by row: (0,0), (1,0), (1,1), …</param>
/// <param name="Advantage">[samples], A(x, u).</param>
/// <param name="Q">[samples], Q(x, u).</param>
internal readonly record struct LearnerValues(float[] V, float[] Mu, float[] Lower, float[] Advantage, float[] Q);
