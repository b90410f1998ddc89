using Naf.Gpu;

namespace Naf.Kernels;

/// <summary>
/// P learners on one device, where their parameters, Adam moments, targets and replays live. Learner k's numbers depend neither on how many
/// others there are, nor on the threads, bitwise.
/// </summary>
public sealed class NafPopulation : IDisposable
{
    private const uint Format = 0x3146414E; // "NAF1"

    private readonly WorkTeam _team;
    private readonly Learner[] _learners;
    private readonly INafCrew[] _crews;
    private readonly NafPolicy[] _policies;
    private readonly Action<int> _updateAsMember;
    private int _count, _nextLearner;

    /// <param name="device">Where to live; it must outlive the population.</param>
    /// <param name="shape">Sizes of every learner.</param>
    /// <param name="inputScale">[state]: multiplies the observation before the networks; empty: 1.</param>
    /// <param name="batch">Samples of a minibatch, at least 1.</param>
    /// <param name="replayCapacity">Transitions that each learner keeps, at least <paramref name="batch"/>.</param>
    /// <param name="learners">One entry per learner.</param>
    /// <exception cref="ArgumentException">A size or a setting is out of range.</exception>
    /// <exception cref="DeviceException">The device has no kernels for this.</exception>
    public NafPopulation(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, int batch, int replayCapacity, IReadOnlyList<LearnerSettings> learners)
        : this(device, shape, inputScale, batch, replayCapacity, learners, laneWidth: 0)
    {
    }

    internal NafPopulation(
        Device device, NafShape shape, ReadOnlySpan<float> inputScale, int batch, int replayCapacity, IReadOnlyList<LearnerSettings> learners,
        int laneWidth)
    {
        if (device is not CpuDevice cpu) throw new DeviceException($"device {device.Info.Name} has no kernels for training; use --device cpu");
        if (learners.Count == 0) throw new ArgumentException("a population needs at least one learner");
        if (batch is < 1 or > 65536) throw new ArgumentException($"batch_size = {batch} is out of range; give 1 to 65536");
        if (replayCapacity < batch)
            throw new ArgumentException($"replay_capacity = {replayCapacity} is smaller than batch_size = {batch}; make it larger");
        float[] scale = inputScale.IsEmpty ? [.. Enumerable.Repeat(1f, shape.State)] : inputScale.ToArray();
        if (scale.Length != shape.State) throw new ArgumentException($"the input scale has {scale.Length} entries and the observation {shape.State}");
        (Shape, Batch, _team) = (shape, batch, cpu.Team);
        // few learners: several threads to each; many: one thread to each, taken as it comes free
        int members = Math.Max(1, _team.Threads / learners.Count), crews = Math.Min(_team.Threads / members, learners.Count);
        _learners = [.. learners.Select(s => new Learner(shape, s, replayCapacity))];
        _crews = [.. Enumerable.Range(0, crews).Select(_ => NafCrew.Create(shape, scale, batch, members, laneWidth))];
        _policies = [.. _learners.Select(l => NafPolicy.Create(shape, scale, l, laneWidth))];
        MembersPerLearner = members;
        _updateAsMember = UpdateAsMember;
    }

    /// <summary>Sizes of every learner.</summary>
    public NafShape Shape { get; }

    /// <summary>Samples of a minibatch.</summary>
    public int Batch { get; }

    /// <summary>Number of learners.</summary>
    public int Learners => _learners.Length;

    /// <summary>Threads that share one learner's update.</summary>
    public int MembersPerLearner { get; }

    /// <summary>u = μ(x), the greedy action. Different learners may act at the same time.</summary>
    /// <param name="x">[state], as observed.</param>
    /// <param name="u">[action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u) => _policies[learner].Act(x, u);

    /// <summary>Adds a transition to a learner's replay.</summary>
    /// <param name="terminal">Whether the episode truly ended: a time limit is not a terminal state.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="NonFiniteTransitionException">An entry is not finite; nothing was stored.</exception>
    public void Store(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next, bool terminal) =>
        _learners[learner].Replay.Add(x, u, reward, next, terminal);

    /// <summary>Transitions that a learner holds.</summary>
    public int ReplayCount(int learner) => _learners[learner].Replay.Count;

    /// <summary>Switches a learner's updates on or off; one that stopped itself stays off.</summary>
    public void SetActive(int learner, bool active) => _learners[learner].Active = active && _learners[learner].Finite;

    /// <summary>Makes <paramref name="count"/> updates of every active learner that holds at least a minibatch.</summary>
    public void Update(int count)
    {
        if (count <= 0) return;
        (_count, _nextLearner) = (count, 0);
        if (_team.Threads == 1) UpdateAsMember(0);
        else _team.Run(_updateAsMember);
    }

    /// <summary>Means since the last call.</summary>
    public LearnerReport TakeReport(int learner) => _learners[learner].TakeReport();

    /// <summary>Writes everything that the learners are: a population that loads it goes on bitwise as this one would.</summary>
    public void Save(Stream stream)
    {
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
        }
        catch (EndOfStreamException)
        {
            throw new InvalidDataException("the checkpoint ends too early");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (INafCrew crew in _crews) crew.Dispose();
        foreach (NafPolicy policy in _policies) policy.Dispose();
        foreach (Learner learner in _learners) learner.Dispose();
    }

    internal Learner LearnerAt(int learner) => _learners[learner];

    private void UpdateAsMember(int thread)
    {
        int crew = thread / MembersPerLearner;
        if (crew >= _crews.Length) return;
        if (MembersPerLearner > 1)
        {
            Update(_learners[crew], _crews[crew], thread % MembersPerLearner);
            return;
        }
        for (int i = Interlocked.Increment(ref _nextLearner) - 1; i < _learners.Length; i = Interlocked.Increment(ref _nextLearner) - 1)
            Update(_learners[i], _crews[crew], 0);
    }

    private void Update(Learner learner, INafCrew crew, int member)
    {
        if (learner.Active && learner.Replay.Count >= Batch) crew.Update(learner, _count, member);
    }
}
