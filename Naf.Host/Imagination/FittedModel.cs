using Naf.Gpu.Devices;
using Naf.Host.Settings;
using Naf.Kernels.Checkpoints;
using Naf.Kernels.Population;
using Naf.Kernels.Rollout;
using Naf.Kernels.Rollout.Engines;

namespace Naf.Host.Imagination;

/// <summary>Imagination in fitted dynamics with the rollout kernels on the learners' device.</summary>
internal sealed class FittedModel : IRolloutModel, IDisposable
{
    private readonly ImaginationSettings _settings;
    private readonly IReadOnlyList<FittedDynamics> _dynamics;
    private readonly ImaginationRollouts _rollouts;
    private readonly int _horizon;

    /// <param name="dynamics">
    /// The learners' dynamics, which their owner fits and saves; must outlive this object.
    /// </param>
    public FittedModel(
        Device device, LearnerPopulation population, DynamicsSpace space, int horizon, ImaginationSettings settings,
        IReadOnlyList<FittedDynamics> dynamics)
    {
        (_settings, _dynamics, _horizon) = (settings, dynamics, horizon);
        _rollouts = new ImaginationRollouts(device, population, space.Rollouts(dynamics[0].Models * horizon),
            dynamics[0].AllModels, [.. Enumerable.Repeat(RolloutSettings(), dynamics.Count)]);
    }

    public void RollOut(IReadOnlyList<Imagining> learners)
    {
        for (int k = 0; k < _dynamics.Count; k++) _rollouts.Starts(k).Count = 0;
        foreach (Imagining l in learners) SetStarts(l);
        _rollouts.Run();
    }

    public RolloutReport Report(int learner) =>
        _rollouts.Starts(learner).Count == 0 ? default : _rollouts.Report(learner);

    public string?[] Refit(IReadOnlyList<(int Learner, EpisodeMemory Memory)> due)
    {
        foreach ((int learner, _) in due)
            if (_dynamics[learner].Ready) TakeOver(learner);
        return new string?[due.Count];
    }

    public bool Ready(int learner) => _dynamics[learner].Ready;

    public ModelError? ErrorOn(int learner, EpisodeRecord episode) => _dynamics[learner].ErrorOn(episode);

    // the dynamics' owner saves them
    public void Serialise(CheckpointScope scope)
    {
        for (int k = 0; k < _dynamics.Count; k++)
            if (scope.IsLoading && _dynamics[k].Ready) TakeOver(k);
    }

    public void Dispose() => _rollouts.Dispose();

    private RolloutSettings RolloutSettings() => new()
    {
        Steps = _settings.Steps, Rollouts = _settings.Starts, ActionNoise = (float)_settings.Noise,
        SampleDynamics = _settings.SampleDynamics,
    };

    private void TakeOver(int learner)
    {
        FittedDynamics d = _dynamics[learner];
        _rollouts.SetSettings(learner, RolloutSettings() with { Low = [.. d.Range.Low], High = [.. d.Range.High] });
    }

    private void SetStarts(Imagining l)
    {
        RolloutStarts to = _rollouts.Starts(l.Learner);
        int size = _rollouts.Definition.Dynamics.State, constants = _rollouts.Definition.Observation.ConstantSize;
        (to.Count, to.FirstNumber) = (_settings.Starts, l.First);
        for (int m = 0; m < to.Count; m++)
        {
            (EpisodeRecord episode, int place, int time) = l.Start(m);
            ReadOnlySpan<double> s = episode.State(time);
            for (int i = 0; i < size; i++) to.State[m * size + i] = (float)s[i];
            for (int i = 0; i < constants; i++) to.Constants[m * constants + i] = (float)episode.Constants[i];
            // models are stored one after the other
            int first = _dynamics[l.Learner].ModelAt(episode, place) * _horizon;
            (to.Time[m], to.End[m]) = (first + time, first + _horizon);
        }
    }
}
