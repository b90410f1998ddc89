using System.Runtime.CompilerServices;
using Naf.Kernels.Random;
using Naf.Kernels.Reward;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks;

namespace Naf.Sim.Control;

/// <summary>A task whose environments are created by the program that trains on it.</summary>
public sealed class EnvironmentTask : IControlTask
{
    private const double Tolerance = 1e-6;

    private readonly Func<IEnvironment> _create;
    private readonly ConditionalWeakTable<IEnvironment, object> _made = [];
    private readonly Box _observations, _actions;
    private readonly RewardFunction<double>? _function;
    private readonly float[] _inputScale;
    private readonly double[]? _change, _safe;
    private string? _outside, _told; // of the first observation outside the space

    /// <summary>Creates one environment to read its spaces.</summary>
    /// <param name="name">The task's name, for messages and the run's folder.</param>
    /// <param name="create">
    /// Creates a new environment at each call: one per learner and per test thread, one here, a few for short checks,
    /// and one per thread of the verification.
    /// </param>
    /// <exception cref="ArgumentException">
    /// The name cannot be used for a folder, there is no environment, a space is missing, an action has no finite
    /// bounds, episodes have no length, or the reward has other sizes.
    /// </exception>
    public EnvironmentTask(string name, Func<IEnvironment> create)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(create);
        if (name.Length == 0 || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
            throw new ArgumentException($"the name '{name}' of an environment: give letters, digits, '-' and '_', "
                + "since folders are named after it");
        (Name, _create) = (name, create);
        using IEnvironment first = Make();
        (_observations, _actions) = (first.ObservationSpace, first.ActionSpace);
        (Horizon, Reward, IsRepeatable) = (first.MaxEpisodeSteps, first.Reward, first.IsRepeatable);
        if (_observations is null || _actions is null)
            throw new ArgumentException($"{name}: ObservationSpace or ActionSpace is null; give both");
        if (!_actions.IsBounded)
            throw new ArgumentException(
                $"{name}: every action needs finite bounds; give its space a finite low and high");
        if (Horizon < 1)
            throw new ArgumentException(
                $"{name}: an episode has at least one step, and may have {Horizon} at most here; give 1 or more");
        if (Reward is { } r && (r.ObservationSize != ObservationSize || r.ActionSize != ActionSize))
            throw new ArgumentException(
                $"{name}: its reward is over {r.ObservationSize} observations and {r.ActionSize} actions, and the "
                + $"environment has {ObservationSize} and {ActionSize}");

        _change = first.MaxActionChange?.ToArray();
        _safe = first.SafeAction?.ToArray();
        if (_change is not null && (_change.Length != ActionSize || !_change.All(most => most > 0)))
            throw new ArgumentException($"{name}: the limits on an action's change are {Text(_change)}; give "
                + $"one number above 0 for each action (actions: {ActionSize}), infinite (null in JSON) where there is "
                + "no limit");
        if (_safe is not null && !(_safe.Length == ActionSize && Enumerable.Range(0, ActionSize)
            .All(i => _safe[i] >= _actions.Low[i] && _safe[i] <= _actions.High[i])))
            throw new ArgumentException($"{name}: the safe action is {Text(_safe)}; give one number within "
                + $"its bounds for each action (actions: {ActionSize})");

        _function = Reward is null ? null : new RewardFunction<double>(Reward);

        // scale bounded observations to [−1, 1] for the network; bounds of 1e6 and above count as unbounded
        _inputScale = [.. _observations.Low.Zip(_observations.High,
            (low, high) => Math.Max(Math.Abs(low), Math.Abs(high)))
            .Select(most => most is > 1e-6 and < 1e6 ? (float)(1 / most) : 1)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>Name in a run's config.yaml; its sizes help to detect another environment.</summary>
    internal string StoredName =>
        $"{TaskLibrary.OwnEnvironment}{Name} ({ObservationSize} observations, {ActionSize} actions)";

    /// <summary>The command that is the environment, for a run's config.yaml; null: it is in C#.</summary>
    internal string? Command { get; init; }

    /// <summary>Whether a resumed run repeats the episode that it stopped in, or begins a new one.</summary>
    public bool IsRepeatable { get; }

    /// <inheritdoc/>
    public int ObservationSize => _observations.Size;

    /// <inheritdoc/>
    public int ActionSize => _actions.Size;

    /// <inheritdoc/>
    public int Horizon { get; }

    /// <inheritdoc/>
    public ReadOnlySpan<float> InputScale => _inputScale;

    /// <inheritdoc/>
    public RewardDefinition? Reward { get; }

    /// <inheritdoc/>
    public bool MeasuresSuccess => false;

    (double Low, double High) IControlTask.ActionRange(int component) =>
        (_actions.Low[component], _actions.High[component]);

    IControlEnvironment IControlTask.CreateEnvironment() => new Instance(this, Make());

    /// <inheritdoc/>
    public void Dispose() { }

    /// <summary>
    /// The first observation outside the space, in a sentence; null if there was none, or it was given before.
    /// </summary>
    internal string? TakeOutside() =>
        Interlocked.Exchange(ref _told, _outside) is null && _outside is not null
            ? $"{_outside}: the networks get it in that scale; a new run can have a wider space" : null;

    /// <summary>Checks a step against the spaces and <see cref="Reward"/>.</summary>
    /// <param name="x">[ObservationSize], the observation before the step.</param>
    /// <param name="u">[ActionSize], within [−1, 1].</param>
    /// <param name="after">The environment after the step.</param>
    /// <exception cref="ArgumentException">An observation, the reward or the termination differs.</exception>
    internal void Check(ReadOnlySpan<double> x, ReadOnlySpan<double> u, StepResult result, IControlEnvironment after)
    {
        CheckSpace(x, after.StepIndex - 1);
        CheckSpace(after.Observation, after.StepIndex);
        if (_function is null) return;
        bool terminates = _function.Terminates(after.Observation);
        double reward = _function.Value(x, u) + (terminates ? _function.TerminationReward : 0);
        string place = $"{Name}, step {after.StepIndex} of an episode";
        if (!(Math.Abs(reward - result.Reward) <= Slack(result.Reward)))
            throw new ArgumentException($"{place}: the step gave the reward {Text(result.Reward)}, and the reward "
                + $"function gives {Text(reward)} for observation {Text(x)} and action u = {Text(u)}; "
                + "correct one of them, or leave the function out");
        if (result.Terminated != terminates && !Reward!.Bounds.IsEmpty)
            throw new ArgumentException(
                $"{place}: the step gave terminated = {Text(result.Terminated)}, and the bounds of the reward function "
                + $"give {Text(terminates)} for the next observation {Text(after.Observation)}; "
                + "correct one of them, or leave out all bounds");
    }

    private void CheckSpace(ReadOnlySpan<double> x, int step)
    {
        if (Outside(x, step) is { } outside)
            throw new ArgumentException($"{outside}; widen the space, or give no bound there");
    }

    // what is wrong with an observation; null: it is within the space
    private string? Outside(ReadOnlySpan<double> x, int step)
    {
        for (int i = 0; i < x.Length; i++)
        {
            (double low, double high) = (_observations.Low[i], _observations.High[i]);
            if (x[i] < low - Slack(low) || x[i] > high + Slack(high))
                return $"{Name}, step {step} of an episode: number {i} of the observation is {Text(x[i])}, and its "
                    + $"space has {Text(low)} to {Text(high)}";
        }
        return null;
    }

    private static string Text(bool value) => value ? "true" : "false";

    private static string Text(double value) => value.ToString("G9", CultureInfo.InvariantCulture);

    private static string Text(ReadOnlySpan<double> values) => $"[{string.Join(", ", values.ToArray().Select(Text))}]";

    // tolerance for rounding to single precision
    private static double Slack(double value) => Tolerance * Math.Max(1, Math.Abs(value));

    /// <summary>A value whose change is limited; a rounded sum does not exceed the limit by its last digit.</summary>
    internal static double Limited(double value, double before, double most)
    {
        double limited = Math.Clamp(value, before - most, before + most);
        while (Math.Abs(limited - before) > most)
            limited = limited > before ? Math.BitDecrement(limited) : Math.BitIncrement(limited);
        return limited;
    }

    private IEnvironment Make()
    {
        IEnvironment made = _create()
            ?? throw new ArgumentException($"{Name}: the function that makes environments returned null");
        return _made.TryAdd(made, made) ? made : throw new ArgumentException(
            $"{Name}: the function that makes environments returned one twice; make a new one at each call");
    }

    // a state is the episode's seed, the last observation and the actions so far; restoring repeats the steps
    private sealed class Instance(EnvironmentTask task, IEnvironment environment) : IControlEnvironment
    {
        private readonly double[] _x = new double[task.ObservationSize], _u = new double[task.ActionSize];
        private readonly double[] _applied = new double[task._change is null ? 0 : task.ActionSize];
        private readonly List<double> _taken = []; // as given: the limits are applied again
        private ulong _seed;
        private bool _ready, _limited;

        public ReadOnlySpan<double> Observation => _x;

        public ReadOnlySpan<double> Constants => [];

        public double Score { get; private set; }

        public int StepIndex { get; private set; }

        public bool Success => false;

        public ReadOnlySpan<double> Applied => _applied;

        public void Reset(ulong seed, RandomStream stream, ulong episode)
        {
            PhiloxBlock bits = Philox.At(seed, stream, episode);
            Reset(bits.A | (ulong)bits.B << 32);
        }

        public StepResult Step(ReadOnlySpan<double> action)
        {
            if (!_ready)
                throw new InvalidOperationException($"{task.Name}: there is no episode to step; reset it first");
            if (action.Length != _u.Length)
                throw new ArgumentException($"{task.Name}: the action has {action.Length} numbers, and the task "
                    + $"needs {_u.Length}", nameof(action));
            for (int i = 0; i < _u.Length; i++)
            {
                if (!double.IsFinite(action[i])) throw Failure($"action {i} is {action[i]}", unstable: false);
                (double low, double high, double u) =
                    (task._actions.Low[i], task._actions.High[i], Math.Clamp(action[i], -1, 1));
                double wanted = Math.Clamp(low + (u + 1) / 2 * (high - low), low, high);
                if (task._change is { } change)
                {
                    double sent = _limited ? Limited(wanted, _u[i], change[i]) : wanted;
                    _applied[i] = sent == wanted ? u : Math.Clamp(2 * (sent - low) / (high - low) - 1, -1, 1);
                    wanted = sent;
                }
                _u[i] = wanted;
            }
            _limited = true;
            EnvironmentStep step = Asked(() => environment.Step(_u));
            if (!double.IsFinite(step.Reward))
                throw Failure(
                    $"the reward is {step.Reward}; give a finite number, or end the episode before", unstable: false);
            Observe(step.Observation, StepIndex + 1);
            foreach (double u in action) _taken.Add(Math.Clamp(u, -1, 1));
            StepIndex++;
            Score += step.Reward;
            bool truncated = !step.Terminated && (step.Truncated || StepIndex == task.Horizon);
            _ready = !(step.Terminated || truncated);
            return new StepResult(step.Reward, step.Terminated, truncated);
        }

        public double[] SaveState() => [(uint)_seed, (uint)(_seed >> 32), .. _x, .. _taken];

        public void RestoreState(ReadOnlySpan<double> state)
        {
            if (state.Length < 2 + _x.Length || (state.Length - 2 - _x.Length) % _u.Length != 0)
                throw new InvalidDataException($"{task.Name}: {state.Length} numbers are no state of an episode");
            Reset((uint)state[0] | (ulong)(uint)state[1] << 32);
            ReadOnlySpan<double> observation = state[2..(2 + _x.Length)], taken = state[(2 + _x.Length)..];
            for (; taken.Length > 0; taken = taken[_u.Length..]) Step(taken[.._u.Length]);
            if (!_x.AsSpan().SequenceEqual(observation))
                throw new InvalidDataException($"{task.Name}: the same seed and actions led to another observation; "
                    + "an environment must depend on nothing but the seed of its reset and its actions");
        }

        public void Dispose() => environment.Dispose();

        private void Reset(ulong seed)
        {
            (_seed, Score, StepIndex, _ready, _limited) = (seed, 0, 0, true, task._safe is not null);
            _taken.Clear();
            task._safe?.CopyTo(_u, 0);
            Observe(Asked(() => environment.Reset(seed)), 0);
        }

        // I/O errors of the environment must not be taken for errors of the run's folder
        private T Asked<T>(Func<T> call)
        {
            try
            {
                return call();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new InvalidOperationException(
                    $"{task.Name}: the environment failed at step {StepIndex} of the episode: {e.Message}", e);
            }
        }

        private void Observe(double[] observation, int step)
        {
            if (observation?.Length != _x.Length)
                throw new ArgumentException($"{task.Name}, step {step} of the episode: an observation has "
                    + $"{observation?.Length ?? 0} numbers, and its space {_x.Length}; give as many at a reset and "
                    + "after each step");
            foreach (double value in observation)
                if (!float.IsFinite((float)value))
                    throw Failure(
                        $"an entry of the observation is {Text(value)}, which is not finite in single precision; give "
                        + "finite numbers, or end the episode before",
                        // without a first observation there is no episode to end
                        unstable: step > 0);
            observation.CopyTo(_x, 0);
            task._outside ??= task.Outside(_x, step);
        }

        private SimulationException Failure(string cause, bool unstable)
        {
            _ready = false;
            return new SimulationException($"{task.Name}, step {StepIndex + 1} of the episode: {cause}")
            {
                Unstable = unstable,
            };
        }
    }
}
