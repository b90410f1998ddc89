using Naf.Gpu;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Host.Agents;
using Naf.Host.Common;
using Naf.Host.Runs;
using Naf.Sim.Control;

namespace Naf.Host.Policies;

/// <summary>The policy of a run's learner, without noise, as its newest whole checkpoint has it.</summary>
public sealed class RunPolicy : IDisposable
{
    private readonly DisposeScope _opened;
    private readonly IControlTask _task;
    private readonly NafAgent _agent;
    private readonly int _learner;

    private RunPolicy(
        DisposeScope opened, IControlTask task, string folder, RunConfig config, int learner, Action<string> warn, string device)
    {
        (_task, _learner, _opened) = (task, learner, opened);
        Device place = opened.Add(DeviceList.Select(device, 1));
        _agent = opened.Add(new NafAgent(task, config.Settings, place, opened.Add(new WorkTeam(1))));
        Load(RunFolder.CheckpointsOf(folder), warn);
    }

    /// <summary>Reads a run's policy.</summary>
    /// <param name="folder">The run's folder; it may be training still.</param>
    /// <param name="environment">The environment that the run was begun with, where that was one of a program's own.</param>
    /// <param name="learner">Which of the run's learners.</param>
    /// <param name="warn">
    /// Takes a sentence for a checkpoint that is damaged; the one before it is used. Null: standard error.
    /// </param>
    /// <exception cref="UserException">It is no run's folder, or the run has no checkpoint that can be used.</exception>
    public static RunPolicy Open(
        string folder, EnvironmentTask? environment = null, int learner = 0, Action<string>? warn = null) => DisposeScope.Open(opened =>
    {
        ArgumentNullException.ThrowIfNull(folder);
        RunConfig config = RunConfig.Read(RunFolder.ConfigOf(folder));
        if (learner < 0 || learner >= config.Settings.Learners)
            throw new UserException($"learner {learner}: the run {folder} has learners 0 to {config.Settings.Learners - 1}");
        IControlTask task = config.TaskOf(environment, opened);
        return new RunPolicy(opened, task, folder, config, learner, warn ?? Console.Error.WriteLine, "cpu");
    });

    /// <summary>Reads the policy of a run whose task, which must outlive it, and config.yaml were read already.</summary>
    /// <param name="device">Where it acts; one observation at a time is quickest on the CPU, wherever it was trained.</param>
    /// <exception cref="UserException">The run has no checkpoint that can be used.</exception>
    internal static RunPolicy Open(
        IControlTask task, string folder, RunConfig config, int learner, Action<string> warn, string device = "cpu") =>
        DisposeScope.Open(opened => new RunPolicy(opened, task, folder, config, learner, warn, device));

    /// <summary>Size of the observation x.</summary>
    public int ObservationSize => _task.ObservationSize;

    /// <summary>Size of the action u.</summary>
    public int ActionSize => _task.ActionSize;

    /// <summary>u = μ(x).</summary>
    /// <param name="observation">x, [observations].</param>
    /// <param name="action">[actions], receives u within [−1, 1], which spans the range of each control.</param>
    /// <exception cref="ArgumentException">A size is wrong, or a number of the observation is not finite.</exception>
    public void Act(ReadOnlySpan<float> observation, Span<float> action)
    {
        if (observation.Length != ObservationSize || action.Length != ActionSize)
            throw new ArgumentException($"an observation has {ObservationSize} numbers and an action {ActionSize}, "
                + $"not {observation.Length} and {action.Length}");
        if (observation.ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
            throw new ArgumentException("a number of the observation is not finite", nameof(observation));
        _agent.Act(_learner, observation, action);
    }

    /// <summary>μ(x), as a <c>Policy</c>.</summary>
    internal void Act(ReadOnlySpan<float> observation, ulong episode, int step, Span<float> action) => _agent.Act(_learner, observation, action);

    /// <summary>V(x), A(x, u) and Q(x, u) of many samples at once, in scaled rewards.</summary>
    /// <param name="x">[samples, observations].</param>
    /// <param name="u">[samples, actions].</param>
    public (float[] V, float[] Advantage, float[] Q) Evaluate(ReadOnlySpan<float> x, ReadOnlySpan<float> u) => _agent.Evaluate(_learner, x, u);

    /// <inheritdoc/>
    public void Dispose() => _opened.Dispose();

    private void Load(CheckpointStore checkpoints, Action<string> warn)
    {
        if (checkpoints.Files.Count == 0)
            throw new UserException("the run has no checkpoint yet; let it train for longer");
        foreach (string path in checkpoints.Files)
        {
            try
            {
                using Stream payload = CheckpointFile.Read(path);
                CheckpointHeader.Read(payload);
                _agent.Load(payload);
                return;
            }
            catch (InvalidDataException e)
            {
                warn($"the checkpoint {path} can't be used: {e.Message}");
            }
        }
        throw new UserException("every checkpoint of the run is damaged; train it anew");
    }
}
