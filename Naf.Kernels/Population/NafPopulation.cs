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
public sealed class NafPopulation : IDisposable
{
    private const uint Format = 0x3246414E; // "NAF2"

    private readonly Learner[] _learners;
    private readonly INafTrainer _trainer;
    private readonly Device _device;

    /// <param name="device">Where to live; it must outlive the population.</param>
    /// <param name="shape">Sizes of every learner.</param>
    /// <param name="inputScale">[state]: multiplies the observation before the networks; empty: 1.</param>
    /// <param name="batch">Samples of a minibatch, at least 1.</param>
    /// <param name="replayCapacity">Transitions that each learner keeps, at least <paramref name="batch"/>.</param>
    /// <param name="learners">One entry per learner.</param>
    /// <param name="imaginedCapacity">Imagined transitions that each learner keeps in R_f; 0: none.</param>
    /// <exception cref="ArgumentException">A size or a setting is out of range.</exception>
    /// <exception cref="DeviceException">The device has no kernels for this.</exception>
    public NafPopulation(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, int batch, int replayCapacity, IReadOnlyList<LearnerSettings> learners,
        int imaginedCapacity = 0)
        : this(device, shape, inputScale, batch, replayCapacity, learners, imaginedCapacity, plan: null)
    {
    }

    internal NafPopulation(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, int batch, int replayCapacity, IReadOnlyList<LearnerSettings> learners,
        int imaginedCapacity, LaunchPlan? plan)
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
            _trainer = device switch
            {
                CpuDevice cpu => new CpuTrainer(cpu, shape, scale, batch, _learners),
                GpuDevice gpu => BufferScope.Construct(gpu, scope => new GpuTrainer(scope, shape, scale, batch, _learners, plan)),
                _ => throw new DeviceException($"device {device.Info.Name} has no kernels for training; use --device cpu"),
            };
        }
        catch
        {
            foreach (Learner learner in _learners) learner.Dispose();
            throw;
        }
    }

    /// <summary>Sizes of every learner.</summary>
    public NafShape Shape { get; }

    /// <summary>Samples of a minibatch.</summary>
    public int Batch { get; }

    /// <summary>[state]: multiplies the observation before the networks.</summary>
    internal float[] InputScale { get; }

    /// <summary>Number of learners.</summary>
    public int Learners => _learners.Length;

    /// <summary>How the updates are laid onto a GPU, on which the rounding of sums depends; empty on a CPU, where it depends on nothing.</summary>
    public string Plan => _trainer.Plan;

    /// <summary>u = μ(x), the greedy action. Different learners may act at the same time.</summary>
    /// <param name="x">[state], as observed.</param>
    /// <param name="u">[action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u) => _trainer.Act(learner, x, u);

    /// <summary>Whether one call for all learners (<see cref="ActAll"/>) takes less time than a call for each.</summary>
    public bool ActsTogether => _trainer is not CpuTrainer;

    /// <summary>u = μ(x) of every learner, each for its own x, in one call.</summary>
    /// <param name="x">[learners, state], as observed.</param>
    /// <param name="u">[learners, action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void ActAll(ReadOnlySpan<float> x, Span<float> u)
    {
        if (x.Length != Learners * Shape.State || u.Length != Learners * Shape.Action)
            throw new ArgumentException(
                $"x has {x.Length} entries and u {u.Length}, expected {Learners} × {Shape.State} and {Learners} × {Shape.Action}");
        _trainer.ActAll(x, u);
    }

    /// <summary>The value, policy and advantage of many samples (paper, equations 7 to 9), on the device.</summary>
    /// <param name="x">[samples, state], as observed.</param>
    /// <param name="u">[samples, action].</param>
    /// <param name="v">[samples], takes V(x).</param>
    /// <param name="mu">[samples, action], takes μ(x).</param>
    /// <param name="lower">[samples, action (action + 1) / 2], takes L(x), row by row: (0,0), (1,0), (1,1), …</param>
    /// <param name="advantage">[samples], takes A(x, u).</param>
    /// <param name="q">[samples], takes Q(x, u); as the others in scaled rewards.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Evaluate(
        int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, Span<float> v, Span<float> mu, Span<float> lower, Span<float> advantage,
        Span<float> q)
    {
        if (x.Length == 0 || x.Length % Shape.State != 0)
            throw new ArgumentException($"x has {x.Length} entries, expected samples of {Shape.State}");
        int n = x.Length / Shape.State;
        (string Name, int Length, int Row)[] arrays =
        [
            ("u", u.Length, Shape.Action), ("v", v.Length, 1), ("mu", mu.Length, Shape.Action), ("lower", lower.Length, Shape.Packed),
            ("advantage", advantage.Length, 1), ("q", q.Length, 1),
        ];
        foreach ((string name, int length, int row) in arrays)
            if (length != n * row) throw new ArgumentException($"{name} has {length} entries, expected {n} × {row}");
        using var evaluation = new AdvantageEvaluation(_device, Shape.Action, n, _learners[learner].Settings.LogDiagonalBound);
        _trainer.Evaluate(learner, x, u, evaluation, v, mu, lower, advantage, q);
    }

    /// <summary>Adds a transition to a learner's replay.</summary>
    /// <param name="terminal">Whether the episode truly ended: a time limit is not a terminal state.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Store(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, bool terminal)
    {
        _learners[learner].Replay.Add(x, u, reward, next, terminal);
        _trainer.Stored(learner);
    }

    /// <summary>
    /// Adds an imagined transition to a learner's R_f, behind those that <c>ImaginationRollouts</c> has put there; the oldest is overwritten.
    /// </summary>
    /// <param name="terminal">Whether the episode truly ended: a time limit is not a terminal state.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the population has no R_f.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void StoreImagined(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, bool terminal)
    {
        ReplayBuffer imagined = _learners[learner].Imagined;
        if (imagined.Capacity == 0)
            throw new ArgumentException("the learners have no room for imagined transitions; make the population with a capacity of R_f");
        imagined.Add(x, u, reward, next, terminal);
        _trainer.StoredImagined(learner);
    }

    /// <summary>Empties a learner's R_f: there are no updates from it until it holds a minibatch again.</summary>
    public void ClearImagined(int learner)
    {
        _learners[learner].Imagined.Clear();
        _trainer.ClearedImagined(learner);
    }

    /// <summary>Transitions that a learner holds.</summary>
    public int ReplayCount(int learner) => _learners[learner].Replay.Count;

    /// <summary>Imagined transitions that a learner holds.</summary>
    public int ImaginedCount(int learner) => _learners[learner].Imagined.Count;

    /// <summary>Switches a learner's updates on or off; one that stopped itself stays off.</summary>
    public void SetActive(int learner, bool active)
    {
        _trainer.Collect();
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
        if (imagined > 0 || real > 0) _trainer.Update(Math.Max(imagined, 0), Math.Max(real, 0));
    }

    /// <summary>Means since the last call.</summary>
    public LearnerReport TakeReport(int learner)
    {
        _trainer.Collect();
        return _learners[learner].TakeReport();
    }

    /// <summary>Writes everything that the learners are: a population that loads it goes on bitwise as this one would.</summary>
    public void Save(Stream stream)
    {
        _trainer.Fetch();
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
            _trainer.Push();
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("the checkpoint ends too early");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _trainer.Dispose();
        foreach (Learner learner in _learners) learner.Dispose();
    }

    /// <summary>A learner's host memory, brought up to date.</summary>
    internal Learner LearnerAt(int learner)
    {
        _trainer.Fetch();
        return _learners[learner];
    }

    /// <summary>The learners, whose host memory may be behind on a GPU.</summary>
    internal Learner[] AllLearners => _learners;

    /// <summary>Where the learners live on a GPU; null on a CPU.</summary>
    internal GpuTrainer? Gpu => _trainer as GpuTrainer;
}
