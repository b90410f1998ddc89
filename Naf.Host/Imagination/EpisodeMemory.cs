using Naf.Kernels.Checkpoints;
using Naf.Sim.Control;

namespace Naf.Host.Imagination;

/// <summary>
/// A learner's buffers B and B_old of the paper's Algorithm 2, and the recent episodes for the prior. B collects whole
/// episodes; when it holds n, the dynamics are fitted to it and it becomes B_old.
/// </summary>
/// <param name="saved">Size of the simulator state saved with each step; 0: none is saved.</param>
/// <param name="refitEpisodes">n.</param>
/// <param name="recentEpisodes">Number of episodes kept, at least 2 n.</param>
internal sealed class EpisodeMemory(DynamicsSpace space, int saved, int refitEpisodes, int recentEpisodes)
{
    private readonly List<EpisodeRecord> _episodes = [];
    private readonly double[] _state = new double[space.Size], _action = new double[space.Action],
        _saved = new double[saved];
    private EpisodeRecord? _running;

    /// <summary>All stored episodes, oldest first.</summary>
    public IReadOnlyList<EpisodeRecord> Recent => _episodes;

    /// <summary>Number of episodes in B.</summary>
    public int Filled { get; private set; }

    /// <summary>Whether B holds n episodes, so that a fit is due.</summary>
    public bool IsFull => Filled >= refitEpisodes;

    /// <summary>B.</summary>
    public IEnumerable<EpisodeRecord> Batch => _episodes.TakeLast(Filled);

    /// <summary>Number of episodes in B_old; 0 before the first fit.</summary>
    public int OldCount { get; private set; }

    /// <summary>Episode i of B_old.</summary>
    public EpisodeRecord Old(int i) => _episodes[_episodes.Count - Filled - OldCount + i];

    public EpisodeRecord Newest => _episodes[^1];

    /// <summary>Begins an episode; an unfinished one is discarded.</summary>
    public void Begin(IControlEnvironment environment, bool planned)
    {
        _running = NewRecord();
        space.StateOf(environment, _state);
        _running.Begin(_state, environment.Constants, planned);
        Keep(environment);
    }

    /// <summary>Records a step: u was executed and led to s′.</summary>
    public void Add(ReadOnlySpan<float> u, in StepResult result, IControlEnvironment environment)
    {
        if (_running is null) return;
        for (int i = 0; i < _action.Length; i++) _action[i] = u[i];
        space.StateOf(environment, _state);
        _running.Add(_action, result.Reward, _state);
        if (!result.Done)
        {
            Keep(environment);
            return;
        }
        End();
    }

    /// <summary>Ends the episode after the steps that it has, as where its simulation broke down.</summary>
    public void End()
    {
        if (_running is { Length: > 0 }) Add(_running);
        _running = null;
    }

    /// <summary>Adds a whole episode to B; drops the oldest episodes beyond the capacity.</summary>
    public void Add(EpisodeRecord episode)
    {
        _episodes.Add(episode);
        Filled++;
        while (_episodes.Count > Math.Max(recentEpisodes, 2 * refitEpisodes)) _episodes.RemoveAt(0);
    }

    /// <summary>B_old ← B, B ← ∅.</summary>
    public void Rotate() => (OldCount, Filled) = (Filled, 0);

    /// <exception cref="InvalidDataException">The checkpoint does not hold such a memory.</exception>
    public void Serialise(CheckpointScope scope)
    {
        int count = scope.Value("count", _episodes.Count);
        bool running = scope.Value("running", _running is not null);
        if (scope.IsLoading)
        {
            _episodes.Clear();
            for (int i = 0; i < count; i++) _episodes.Add(NewRecord());
            _running = running ? NewRecord() : null;
        }
        for (int i = 0; i < count; i++) _episodes[i].Serialise(scope.Scope($"{i}"));
        _running?.Serialise(scope.Scope("running"));
        (Filled, OldCount) = (scope.Value("filled", Filled), scope.Value("old", OldCount));
        if (Filled < 0 || OldCount < 0 || Filled + OldCount > _episodes.Count)
            throw new InvalidDataException(
                $"B and B_old hold {Filled} and {OldCount} of {_episodes.Count} episodes, which is not possible");
    }

    private EpisodeRecord NewRecord() => new(space.Size, space.Action, saved);

    private void Keep(IControlEnvironment environment)
    {
        if (saved == 0) return;
        ((ControlEnvironment)environment).SaveState(_saved);
        _running!.Keep(_saved);
    }
}
