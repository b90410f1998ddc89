using System.Text.Encodings.Web;
using Naf.Host.Policies;
using Naf.Host.Runs;
using Naf.Host.Settings;
using Naf.Kernels.Settings;
using Naf.Sim.Control;
using Naf.Sim.Tasks;

namespace Naf.Host.Export;

/// <summary>
/// What the formats write of a policy.
/// <code>
/// action = μ(x) = tanh m(input_scale x),  control = control_middle + control_half action, limited
/// </code>
/// </summary>
internal sealed class ExportedPolicy
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <param name="policy">A policy of the run, for this task.</param>
    /// <param name="learner">Its learner's index.</param>
    /// <param name="name">Which of the learner's policies it is, best or last.</param>
    /// <param name="task">The task; null: an environment of the user's own, whose numbers have no names.</param>
    public ExportedPolicy(RunPolicy policy, RunConfig config, int learner, string name, ControlTask? task)
    {
        Task = task?.Name ?? config.Task[TaskLibrary.OwnEnvironment.Length..].Split(' ')[0];
        Networks = new PolicyNetworks(policy.Population);
        (ObservationSize, ActionSize) = (policy.ObservationSize, policy.ActionSize);
        LearnerSettings settings = config.Settings.Learner;
        (RewardScale, LogDiagonalBound) = (settings.RewardScale, (float)settings.LogDiagonalBound);
        double[] low = Controls(-1), middle = Controls(0), high = Controls(1);
        IEnumerable<string> observations = task?.ObservationNames ?? IControlTask.Numbers(ObservationSize);
        string[] actions = [.. task?.ActionNames ?? IControlTask.Numbers(ActionSize)];
        InputScale = Vector("input_scale", policy.Population.InputScale);
        ControlMiddle = Vector("control_middle", [.. middle.Select(c => (float)c)]);
        ControlHalf = Vector("control_half",
            [.. (task?.Definition.Actions.Range ?? high.Zip(middle, (most, mid) => most - mid)).Select(c => (float)c)]);
        ControlLow = Vector("control_low", [.. low.Select(c => (float)c)]);
        ControlHigh = Vector("control_high", [.. high.Select(c => (float)c)]);
        ulong seed = config.Settings.SeedOf(learner);
        Metadata =
        [
            ("task", Task), ("algorithm", Setting.Find("algorithm")!.Show(config.Settings)),
            ("learner", Text(learner)), ("seed", Text(seed)), ("policy", name), ("after_episode", Text(policy.Episode)),
            ("test_score", policy.TestScore is { } score ? Text(score) : ""),
            ("control_step_seconds", task is null ? "" : Text(task.ControlStep)),
            ("observation", JsonSerializer.Serialize(
                observations.Zip(task?.ObservationUnits ?? Enumerable.Repeat("", ObservationSize),
                    (of, unit) => new { Name = of, Unit = unit }), Json)),
            ("action", JsonSerializer.Serialize(Enumerable.Range(0, ActionSize).Select(i => new
            {
                Name = actions[i], Low = low[i], High = high[i],
            }), Json)),
            ("reward_scale", Text(RewardScale)), ("log_diagonal_bound", Text(settings.LogDiagonalBound)),
            ("naf_version", Versions.Product),
        ];

        double[] Controls(double action)
        {
            var controls = new double[ActionSize];
            controls.AsSpan().Fill(action);
            if (task is not null) task.ToControls([.. controls], controls);
            else
                for (int i = 0; i < config.Actions.Length; i++)
                    controls[i] = config.Actions[i].Low
                        + (action + 1) / 2 * (config.Actions[i].High - config.Actions[i].Low);
            return controls;
        }

        static NamedTensor Vector(string name, float[] values) => new(name, values, values.Length);
        static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
    }

    public string Task { get; }

    public int ObservationSize { get; }

    public int ActionSize { get; }

    public double RewardScale { get; }

    /// <summary>B of L's diagonal, exp(B tanh(l / B)).</summary>
    public float LogDiagonalBound { get; }

    public PolicyNetworks Networks { get; }

    /// <summary>[observations], factors of the observation at the networks' input.</summary>
    public NamedTensor InputScale { get; }

    /// <summary>[actions], middle and half of the range of each control, in the actuators' units.</summary>
    public NamedTensor ControlMiddle { get; }

    /// <inheritdoc cref="ControlMiddle"/>
    public NamedTensor ControlHalf { get; }

    /// <summary>[actions], the controls at action −1 and 1, which a ctrlrange may limit.</summary>
    public NamedTensor ControlLow { get; }

    /// <inheritdoc cref="ControlLow"/>
    public NamedTensor ControlHigh { get; }

    /// <summary>Every parameter once.</summary>
    public IEnumerable<NamedTensor> Tensors =>
        [InputScale, .. Networks.Tensors, ControlMiddle, ControlHalf, ControlLow, ControlHigh];

    /// <summary>Where the policy comes from, its inputs and outputs; docs/export.md has the keys.</summary>
    public ImmutableArray<(string Key, string Value)> Metadata { get; }
}
