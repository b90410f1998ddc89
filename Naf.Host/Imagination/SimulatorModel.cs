using Naf.Gpu.Cpu;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Imagination;

/// <summary>
/// Imagination in MuJoCo itself, from saved states of real episodes, on all cores: the best case of the paper's section
/// 6.2.
/// </summary>
internal sealed class SimulatorModel : HostModel, IRolloutModel
{
    private readonly ControlEnvironment[] _environments;
    private readonly WorkTeam _team;
    private readonly bool[] _ready;

    /// <param name="opened">Owns the environments.</param>
    /// <param name="task">The task; must outlive this object.</param>
    public SimulatorModel(
        DisposeScope opened, ControlTask task, LearnerPopulation population, ImaginationSettings settings,
        WorkTeam team)
        : base(population, settings)
    {
        (_team, _ready) = (team, new bool[population.Learners]);
        _environments =
            [.. Enumerable.Range(0, settings.Starts)
                .Select(_ => opened.Add(new ControlEnvironment(task, quiet: true)))];
    }

    /// <summary>Size of a saved simulator state.</summary>
    public int StateSize => _environments[0].StateSize;

    protected override bool Learn(int learner, EpisodeMemory memory) => _ready[learner] = true;

    public bool Ready(int learner) => _ready[learner];

    public ModelError? ErrorOn(int learner, EpisodeRecord episode) => null;

    public void Serialise(CheckpointScope scope) => scope.Fill<bool>("ready", _ready);

    protected override void Begin(int m, EpisodeRecord episode, int time, Span<float> x)
    {
        _environments[m].RestoreState(episode.Saved(time));
        for (int i = 0; i < x.Length; i++) x[i] = (float)_environments[m].Observation[i];
    }

    protected override void Advance(int learner, Row?[] rows, Outcome[] outcomes) => _team.Run(worker =>
    {
        for (int m = worker; m < rows.Length; m += _team.Threads)
            if (rows[m] is { } row) outcomes[m] = Step(_environments[m], row);
    });

    private static Outcome Step(ControlEnvironment environment, Row row)
    {
        try
        {
            double[] u = [.. row.U];
            StepResult result = environment.Step(u);
            (row.Reward, row.Terminal) = ((float)result.Reward, result.Terminated);
            for (int i = 0; i < row.Next.Length; i++) row.Next[i] = (float)environment.Observation[i];
            return result.Done ? Outcome.Ended : Outcome.GoesOn;
        }
        catch (SimulationException)
        {
            return Outcome.Cut;
        }
    }
}
