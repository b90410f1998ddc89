using Naf.Gpu.Cpu;
using Naf.Host.Imagination;
using Naf.Host.Planning.Mpc;
using Naf.Host.Settings;
using Naf.Sim.Control;

namespace Naf.Host.Agents;

/// <summary>Episodes by MPC under the true dynamics (paper, appendix 8.6): good experience that no model error can spoil.</summary>
internal sealed class MpcEpisodes : IEpisodePlanner
{
    private readonly WorkTeam? _alone;
    private readonly MpcPlanner _planner;
    private readonly ulong _seed;
    private readonly double[] _u;

    /// <param name="task">The task; it must outlive this.</param>
    /// <param name="team">Threads that plan together; null where learners plan side by side.</param>
    /// <param name="seed">The learner's seed.</param>
    public MpcEpisodes(ControlTask task, MpcSettings settings, WorkTeam? team, ulong seed)
    {
        _alone = team is null ? new WorkTeam(1) : null;
        _planner = new MpcPlanner(task, settings, team ?? _alone!);
        (_seed, _u) = (seed, new double[task.ActionSize]);
    }

    public bool Ready => true;

    public void Begin(IControlEnvironment environment, int episode) => _planner.Begin(_seed, (ulong)episode);

    public void Act(IControlEnvironment environment, Span<float> u)
    {
        _planner.Act((ControlEnvironment)environment, _u);
        for (int i = 0; i < u.Length; i++) u[i] = (float)_u[i];
    }

    public void Improve(EpisodeMemory memory, Action<string> warn) { }

    public void Save(BinaryWriter writer) => _planner.Save(writer);

    public void Load(BinaryReader reader) => _planner.Load(reader);

    public void Dispose()
    {
        _planner.Dispose();
        _alone?.Dispose();
    }
}
