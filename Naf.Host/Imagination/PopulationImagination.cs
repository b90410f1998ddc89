using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Common;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Sim.Control;

namespace Naf.Host.Imagination;

/// <summary>
/// The model-based part of the paper's Algorithm 2 for a population: each learner's B and B_old, the dynamics fitted to
/// B every n episodes, and the rollouts in them. Departures from the paper: docs/algorithms/imagination.md.
/// </summary>
internal sealed class PopulationImagination
{
    private readonly ImaginationSettings _settings;
    private readonly LearnerPopulation _population;
    private readonly IRolloutModel? _model;
    // batch dynamics: for planners, and for imagination unless it uses episode dynamics
    private readonly PopulationDynamics<BatchDynamics>? _dynamics;
    private readonly PopulationDynamics<EpisodeDynamics>? _ofEpisodes;
    private readonly EpisodeMemory[] _memories;
    private readonly ImaginationSchedule[] _schedules;
    private readonly ulong[] _seeds, _rollouts;
    private readonly ImaginationReport[] _reports;
    private readonly bool[] _emptied;
    private readonly bool _plans;
    private readonly List<Imagining> _imagining = [];

    /// <param name="opened">Owns what is allocated.</param>
    /// <param name="task">The task; must outlive this object.</param>
    /// <param name="population">The learners, whose policies act and whose R_f is filled.</param>
    /// <exception cref="UserException">The task does not support imagination.</exception>
    public PopulationImagination(
        DisposeScope opened, IControlTask task, TrainingSettings settings, LearnerPopulation population, Device device,
        WorkTeam team)
    {
        (_settings, _population, _plans) = (settings.Imagination, population, settings.Plan.Kind == PlanKind.Ilqg);
        Space = DynamicsSpace.Of(task, _settings.Coordinates);
        _seeds = [.. Enumerable.Range(0, settings.Learners).Select(settings.SeedOf)];
        ImaginationKind kind = _settings.FromReplay ? ImaginationKind.Off : _settings.Kind;
        bool fitted = kind == ImaginationKind.Fitted, around = _settings.Around == LinearisationPoint.Episode;
        int horizon = task.Horizon;
        if (fitted && around)
            _ofEpisodes = opened.Add(PopulationDynamics.OfEpisodes(device, Space, horizon, _settings, _seeds, team));
        if (_plans || (fitted && !around))
            _dynamics = opened.Add(
                PopulationDynamics.OfBatches(device, Space, horizon, _settings, _seeds, _plans, team));
        _model = kind switch
        {
            ImaginationKind.Fitted => opened.Add(new FittedModel(
                device, population, Space, horizon, _settings,
                (IReadOnlyList<FittedDynamics>?)_ofEpisodes?.Learners ?? _dynamics!.Learners)),
            ImaginationKind.True => new SimulatorModel(
                opened, ControlTask.Simulated(task, "imagination=true"), population, _settings, team),
            ImaginationKind.Network =>
                opened.Add(new NetworkModel(device, Space, horizon, population, _settings, _seeds)),
            _ => null,
        };
        int saved = (_model as SimulatorModel)?.StateSize ?? 0;
        int recent = Math.Max(_settings.PriorEpisodes, 2 * _settings.RefitEpisodes * _settings.InitialStates);
        _memories = [.. _seeds.Select(_ => new EpisodeMemory(Space, saved, _settings.RefitEpisodes, recent))];
        _schedules = [.. _seeds.Select(_ => new ImaginationSchedule(_settings))];
        int learners = _seeds.Length;
        (_rollouts, _reports, _emptied) = (new ulong[learners], new ImaginationReport[learners], new bool[learners]);
    }

    public DynamicsSpace Space { get; }

    /// <summary>A learner's real episodes.</summary>
    public EpisodeMemory Memory(int learner) => _memories[learner];

    /// <summary>The dynamics of a learner's planner.</summary>
    public BatchDynamics Dynamics(int learner) => _dynamics![learner];

    public bool IsOn(int learner) =>
        _schedules[learner].On && _memories[learner].OldCount > 0
        && (_settings.FromReplay || _model?.Ready(learner) == true);

    /// <summary>Schedules imagination for an acting learner: every m steps, and at once if R_f was emptied.</summary>
    /// <param name="step">Steps taken by the learner.</param>
    public void Add(int learner, long step)
    {
        if (_model is not null && (_emptied[learner] || step % _settings.Starts == 0) && IsOn(learner))
            _imagining.Add(new Imagining(learner, _memories[learner], _seeds[learner], _rollouts[learner]));
    }

    /// <summary>Simulates l steps from each of m states of B_old for the scheduled learners, into their R_f.</summary>
    public void Imagine()
    {
        if (_model is null || _imagining.Count == 0) return;
        _model.RollOut(_imagining);
        foreach (Imagining l in _imagining)
        {
            _emptied[l.Learner] = false;
            _rollouts[l.Learner] += (ulong)_settings.Starts;
            RolloutReport made = _model.Report(l.Learner);
            _reports[l.Learner] = _reports[l.Learner] with
            {
                Steps = _reports[l.Learner].Steps + made.Steps, Cuts = _reports[l.Learner].Cuts + made.Cuts,
            };
        }
        _imagining.Clear();
    }

    /// <summary>
    /// At the end of episodes: if B is full, evaluates the dynamics on its newest episode and fits them to B; B_old ←
    /// B.
    /// </summary>
    /// <param name="ended">Learners and the numbers of their episodes.</param>
    /// <returns>Learners with new dynamics.</returns>
    public IReadOnlySet<int> EndEpisodes(IReadOnlyList<(int Learner, int Episode)> ended, Action<string> warn)
    {
        (int Learner, int Episode)[] due = [.. ended.Where(e => _memories[e.Learner].IsFull)];
        foreach ((int k, int episode) in due)
        {
            EpisodeMemory memory = _memories[k];
            ModelError? error = _model?.ErrorOn(k, memory.Newest);
            ModelError? plannersError = _plans ? _dynamics![k].ErrorOn(memory.Newest) : null;
            double[] scores = [.. memory.Batch.Where(e => !e.Planned).Select(e => e.Score)];
            if (_schedules[k].Evaluate(episode, error, scores.Length > 0 ? scores.Average() : null) is { } change)
                warn($"learner {k}, episode {episode}: imagination {change}");
            // without imagination, the error of the planner's dynamics is reported
            _reports[k] = _reports[k] with { Error = error ?? plannersError };
        }
        IReadOnlySet<int> fitted = Refit(due, warn);
        foreach ((int k, _) in due)
        {
            _memories[k].Rotate();
            if (!_settings.Clear && _schedules[k].On) continue;
            _population.ClearImagined(k);
            _emptied[k] = true;
        }
        return fitted;
    }

    // dynamics that are no longer used are not refitted; after a failed fit the last good ones are kept
    private HashSet<int> Refit((int Learner, int Episode)[] due, Action<string> warn)
    {
        var problems = new Dictionary<int, string?>();
        if (_dynamics is not null) Learn(_dynamics.Refit, k => _plans || Imagines(k));
        if (_ofEpisodes is not null) Learn(_ofEpisodes.Refit, Imagines);
        if (_model is not null) Learn(_model.Refit, Imagines);
        foreach ((int k, int episode) in due)
            if (problems.GetValueOrDefault(k) is { } problem)
                warn($"learner {k}: no dynamics could be learned after episode {episode} ({problem}); the last "
                    + "good ones stay");
        return [.. due.Select(d => d.Learner).Where(k => problems.GetValueOrDefault(k) is null)];

        bool Imagines(int learner) => _model is not null && _schedules[learner].Ended.Length == 0;

        void Learn(Func<IReadOnlyList<(int, EpisodeMemory)>, string?[]> refit, Func<int, bool> takesPart)
        {
            (int, EpisodeMemory)[] some =
                [.. due.Select(d => d.Learner).Where(takesPart).Select(k => (k, _memories[k]))];
            if (some.Length == 0) return;
            foreach (((int k, _), string? problem) in some.Zip(refit(some)))
                problems[k] = problems.GetValueOrDefault(k) ?? problem;
        }
    }

    /// <summary>Report of a learner's imagination since the last call.</summary>
    public ImaginationReport TakeReport(int learner)
    {
        ImaginationReport report = _reports[learner];
        _reports[learner] = default;
        return report;
    }

    /// <exception cref="InvalidDataException">The checkpoint is of another run.</exception>
    public void Serialise(CheckpointScope scope)
    {
        for (int k = 0; k < _memories.Length; k++)
        {
            CheckpointScope learner = scope.Scope($"learner.{k}");
            _schedules[k].Serialise(learner.Scope("schedule"));
            _rollouts[k] = learner.Value("rollouts", _rollouts[k]);
            _reports[k] = _reports[k] with
            {
                Steps = learner.Value("steps", _reports[k].Steps), Cuts = learner.Value("cuts", _reports[k].Cuts),
            };
            _emptied[k] = learner.Value("emptied", _emptied[k]);
        }
        _dynamics?.Serialise(scope.Scope("dynamics"));
        _ofEpisodes?.Serialise(scope.Scope("episode_dynamics"));
        _model?.Serialise(scope.Scope("model"));
    }
}

/// <param name="Steps">Imagined transitions stored.</param>
/// <param name="Cuts">Rollouts cut because a state was out of range or not finite.</param>
/// <param name="Error">Error of the dynamics on the newest episode, if they were refitted.</param>
internal readonly record struct ImaginationReport(long Steps, int Cuts, ModelError? Error);
