using Naf.Gpu.Accelerators;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Replay;
using Naf.Kernels.Settings;
using Naf.Kernels.Update;

namespace Naf.Kernels.Population;

/// <summary>
/// P learners on one device, which holds their parameters, Adam moments, targets and replays. On a CPU learner k's
/// results are bitwise independent of the number of learners and of threads; on a GPU they are bitwise the same for the
/// same <see cref="Plan"/>.
/// </summary>
internal abstract class LearnerPopulation : IDisposable
{
    private readonly Device _device;
    private readonly Learner[] _learners;

    private protected LearnerPopulation(Device device, LearnerShape shape, float[] inputScale, Learner[] learners) =>
        (_device, Shape, InputScale, _learners) = (device, shape, inputScale, learners);

    /// <param name="device">The device; it must outlive the population.</param>
    /// <param name="shape">Sizes of every learner.</param>
    /// <param name="inputScale">[state], factors of the observation at the networks' input; empty for 1.</param>
    /// <param name="learners">Settings of each learner; all have the batch size of the first.</param>
    /// <param name="imaginedCapacity">Capacity of each learner's R_f, in transitions; 0 for none.</param>
    /// <param name="plan">How a GPU runs the updates; null for <see cref="LaunchPlan.Choose"/>.</param>
    /// <exception cref="ArgumentException">A size is not possible.</exception>
    /// <exception cref="DeviceException">The networks, or the learners, do not fit.</exception>
    public static LearnerPopulation Create(
        Device device, LearnerShape shape, ReadOnlySpan<float> inputScale, IReadOnlyList<LearnerSettings> learners,
        int imaginedCapacity = 0, LaunchPlan? plan = null)
    {
        float[] scale = inputScale.IsEmpty ? [.. Enumerable.Repeat(1f, shape.State)] : inputScale.ToArray();
        if (scale.Length != shape.State)
            throw new ArgumentException(
                $"the input scale has {scale.Length} entries and the observation {shape.State}");
        Learner[] made = [.. learners.Select(settings => new Learner(shape, settings, imaginedCapacity))];
        try
        {
            return device is CpuDevice cpu
                ? new CpuPopulation(cpu, shape, scale, made)
                : BufferScope.Construct((GpuDevice)device, scope => new GpuPopulation(scope, shape, scale, made, plan));
        }
        catch
        {
            foreach (Learner learner in made) learner.Dispose();
            throw;
        }
    }

    public LearnerShape Shape { get; }

    /// <summary>Samples of a minibatch.</summary>
    public int Batch => _learners[0].Settings.BatchSize;

    /// <summary>[state], factors of the observation at the networks' input.</summary>
    internal float[] InputScale { get; }

    public int Learners => _learners.Length;

    /// <summary>How the updates are mapped onto a GPU, which affects rounding; empty on a CPU.</summary>
    public string Plan => Gpu?.LaunchPlan.ToString() ?? "";

    /// <summary>Whether one call for all learners is faster than one call each.</summary>
    public bool ActsTogether => Gpu is not null;

    /// <summary>u = μ(x), the greedy action, of one learner. Different learners may act at the same time.</summary>
    /// <param name="x">[state], as observed.</param>
    /// <param name="u">[action], within [−1, 1].</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Act(int learner, ReadOnlySpan<float> x, Span<float> u) => Act(learner, 1, x, u);

    /// <summary>u = μ(x), and L(x) if needed, of consecutive learners, each for its own x, in one call.</summary>
    /// <param name="x">[learners, state], as observed.</param>
    /// <param name="u">[learners, action], within [−1, 1].</param>
    /// <param name="lower">[learners, packed], receives L(x), row by row; empty if it is not needed.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public void Act(int first, int learners, ReadOnlySpan<float> x, Span<float> u, Span<float> lower = default)
    {
        (int states, int actions) = (learners * Shape.State, learners * Shape.Action);
        if (x.Length != states || u.Length != actions)
            throw new ArgumentException($"x has {x.Length} entries and u {u.Length}, expected {states} and {actions}");
        if (lower.IsEmpty)
        {
            Mean(first, learners, x, u);
            return;
        }
        if (lower.Length != learners * Shape.Packed)
            throw new ArgumentException($"L has {lower.Length} entries, expected {learners * Shape.Packed}");
        MeanAndLower(first, learners, x, u, lower);
    }

    /// <summary>The value, policy and advantage of many samples (paper, equations 7 to 9), on the device.</summary>
    /// <param name="x">[samples, state], as observed.</param>
    /// <param name="u">[k, samples, action]: k actions for each sample.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    public LearnerValues Evaluate(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u)
    {
        if (x.Length == 0 || x.Length % Shape.State != 0)
            throw new ArgumentException($"x has {x.Length} entries, expected samples of {Shape.State}");
        (int n, int actions) = (x.Length / Shape.State, x.Length / Shape.State * Shape.Action);
        if (u.Length == 0 || u.Length % actions != 0)
            throw new ArgumentException($"u has {u.Length} entries, expected {n} × {Shape.Action} or a multiple of it");
        float[] observations = x.ToArray();
        return Shape.Evaluate(_device, _learners[learner].Settings, n, u,
            (network, late) => Outputs(learner, network, observations, late));
    }

    /// <summary>Adds a transition of one step to a learner's replay.</summary>
    /// <param name="terminal">Whether the episode truly ended: a time limit is not a terminal state.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">
    /// An entry is not finite; nothing was stored.
    /// </exception>
    public void Store(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next,
        bool terminal) => Store(learner, x, u, reward, next, bootstrap: terminal ? 0f : 1f, first: reward);

    /// <summary>Adds a transition to a learner's replay.</summary>
    /// <param name="reward">Discounted sum of the rewards of the transition's n steps.</param>
    /// <param name="bootstrap">Factor b of the target y = r + γ b V′(x′): γⁿ⁻¹, or 0 at a terminal state.</param>
    /// <param name="first">The reward of the first step; what values are possible depends on these.</param>
    /// <exception cref="ArgumentException">A length is wrong.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">
    /// An entry is not finite; nothing was stored.
    /// </exception>
    public void Store(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward, ReadOnlySpan<float> next,
        float bootstrap, float first)
    {
        _learners[learner].Replay.Add(x, u, reward, next, bootstrap, first);
        Gpu?.Stored(learner);
    }

    /// <summary>
    /// Adds an imagined transition to a learner's R_f, after those that <c>ImaginationRollouts</c> wrote; the oldest is
    /// overwritten.
    /// </summary>
    /// <exception cref="ArgumentException">A length is wrong, or the population has no R_f.</exception>
    /// <exception cref="Naf.Kernels.Scalar.NonFiniteTransitionException">
    /// An entry is not finite; nothing was stored.
    /// </exception>
    public void StoreImagined(int learner, ReadOnlySpan<float> x, ReadOnlySpan<float> u, float reward,
        ReadOnlySpan<float> next, bool terminal)
    {
        ReplayBuffer imagined = _learners[learner].Imagined;
        if (imagined.Capacity == 0)
            throw new ArgumentException(
                "the learners have no room for imagined transitions; make the population with a capacity of R_f");
        imagined.Add(x, u, reward, next, bootstrap: terminal ? 0f : 1f, first: reward);
        Gpu?.Imagined.Added(learner);
    }

    /// <summary>Empties a learner's R_f: there are no updates from it until it holds a minibatch again.</summary>
    public void ClearImagined(int learner)
    {
        _learners[learner].Imagined.Clear();
        // each call passes the number of rows in R_f
        Gpu?.Imagined.Forget(learner);
    }

    public int ReplayCount(int learner) => _learners[learner].Replay.Count;

    public int ImaginedCount(int learner) => _learners[learner].Imagined.Count;

    /// <summary>Switches a learner's updates on or off; a learner that stopped itself stays off.</summary>
    public void SetActive(int learner, bool active)
    {
        Gpu?.Collect();
        _learners[learner].Active = active && _learners[learner].Finite;
    }

    /// <summary>Makes <paramref name="count"/> updates from R of every active learner that has a minibatch.</summary>
    public void Update(int count) => Update(0, count);

    /// <summary>
    /// Makes updates from R_f and then from R (paper, Algorithm 2), in one call, of every active learner whose buffer
    /// holds at least a minibatch.
    /// </summary>
    /// <param name="imagined">Updates from R_f.</param>
    /// <param name="real">Updates from R.</param>
    public abstract void Update(int imagined, int real);

    /// <summary>Means over the updates since the last report.</summary>
    public LearnerReport TakeReport(int learner)
    {
        Gpu?.Collect();
        return _learners[learner].TakeReport();
    }

    /// <summary>Serialises all learners; a population that loads them continues bitwise like this one.</summary>
    /// <exception cref="InvalidDataException">
    /// The checkpoint is of other learners; the population is then unusable.
    /// </exception>
    public void Serialise(CheckpointScope scope)
    {
        if (!scope.IsLoading) Gpu?.Fetch();
        scope.Expect("networks", Shape.ToString());
        scope.Expect("seeds", string.Join(", ", _learners.Select(l => l.Settings.Seed)));
        scope.Value("action_size", Shape.Action);
        scope.Values("input_scale", InputScale);
        for (int k = 0; k < Learners; k++) _learners[k].Serialise(scope.Scope($"learner.{k}"));
        if (scope.IsLoading) Gpu?.Push();
    }

    /// <summary>Keeps a learner's networks as those of its best test; checkpoints hold them.</summary>
    /// <param name="episode">Training episodes before that test.</param>
    public void KeepBest(int learner, int episode)
    {
        Gpu?.FetchNetworks(learner);
        _learners[learner].KeepBest(episode);
    }

    /// <summary>
    /// Episodes before the best test of a learner of a checkpoint; null if it has no networks of one.
    /// </summary>
    /// <param name="saved">Index of that learner in the checkpoint.</param>
    public static int? BestEpisode(CheckpointScope scope, int saved) =>
        Learner.SavedBestEpisode(scope.Scope($"learner.{saved}"));

    /// <summary>Loads the networks of one learner of a checkpoint, for acting and evaluation.</summary>
    /// <param name="saved">Index of that learner in the checkpoint.</param>
    /// <param name="best">Whether to load those of its best test, which <see cref="BestEpisode"/> finds.</param>
    /// <exception cref="InvalidDataException">The checkpoint's networks have other sizes.</exception>
    public void LoadNetworks(int learner, CheckpointScope scope, int saved, bool best = false)
    {
        _learners[learner].SerialiseNetworks(scope.Scope($"learner.{saved}{(best ? ".best" : "")}"));
        Gpu?.Push();
    }

    public virtual void Dispose()
    {
        foreach (Learner learner in _learners) learner.Dispose();
    }

    /// <summary>A learner with its host memory up to date.</summary>
    internal Learner LearnerAt(int learner)
    {
        Gpu?.Fetch();
        return _learners[learner];
    }

    /// <summary>The learners; on a GPU their host memory may be out of date.</summary>
    internal Learner[] AllLearners => _learners;

    /// <summary>This population if it is on a GPU; otherwise null.</summary>
    internal GpuPopulation? Gpu => this as GpuPopulation;

    /// <summary>u = μ(x) of consecutive learners, each for its own x.</summary>
    private protected abstract void Mean(int first, int learners, ReadOnlySpan<float> x, Span<float> u);

    /// <summary>μ(x) and L(x) of consecutive learners, each for its own x.</summary>
    private protected abstract void MeanAndLower(
        int first, int learners, ReadOnlySpan<float> x, Span<float> u, Span<float> lower);

    /// <summary>The outputs [samples, outputs] of a learner's network, on the device.</summary>
    /// <param name="x">[samples, state], as observed.</param>
    /// <param name="late">[samples, late input].</param>
    private protected abstract float[] Outputs(int learner, int network, float[] x, ReadOnlySpan<float> late);
}
