using Naf.Kernels.Observation;
using Naf.Kernels.Random;
using Naf.Sim.Mujoco;
using Naf.Sim.Tasks.Definitions;

namespace Naf.Sim.Control;

/// <summary>Result of a control step.</summary>
/// <param name="Reward">r(x, u) with x the observation before the step, plus the reward of a termination.</param>
/// <param name="Terminated">A true terminal state was reached: nothing is bootstrapped.</param>
/// <param name="TimedOut">The horizon was reached; not a terminal state.</param>
internal readonly record struct StepResult(double Reward, bool Terminated, bool TimedOut)
{
    public bool Done => Terminated || TimedOut;
}

/// <summary>
/// One simulated robot on a task. MuJoCo only steps the physics; observation and reward are computed from the task's
/// definition, in double precision. Not thread-safe; many environments may run in parallel on one task. A step
/// allocates nothing.
/// </summary>
internal sealed class ControlEnvironment : IControlEnvironment, IEnvironment
{
    /// <summary>Step number, score and done flag.</summary>
    private const int Bookkeeping = 3;

    private readonly TaskDefinition _definition;
    private readonly MujocoData _data;
    private readonly ObservationFunction<double> _h;
    private readonly ObservationFunction<double>? _signals;
    private readonly MeasureRecorder _measures;
    private readonly StepReward? _stepReward;
    private readonly MujocoModel? _ownModel;
    private readonly (SimulatedEntry Entry, ArraySegment<double> At)[] _simulated;
    private readonly bool _forward;
    private readonly int _remembered;
    private readonly double[] _reference, _constants, _parameters, _x, _y, _u, _last;
    private bool _ready, _broken;

    /// <summary>Creates an environment; call <see cref="Reset"/> before the first step.</summary>
    /// <param name="quiet">Whether MuJoCo's warnings are dropped (<see cref="MujocoData.Quiet"/>).</param>
    public ControlEnvironment(ControlTask task, bool quiet = false)
    {
        Task = task;
        _definition = task.Definition;
        _parameters = [.. _definition.Reset.Parameters.Select(parameter => parameter.In(task.Model))];
        if (_parameters.Length > 0) _ownModel = task.Model.Copy();
        _data = new MujocoData(_ownModel ?? task.Model) { Quiet = quiet };
        _h = new ObservationFunction<double>(_definition.Observation);
        _measures = new MeasureRecorder(_definition.Measures, _definition.Success, _definition.Horizon);
        _constants = new double[_definition.Observation.ConstantSize];
        (_x, _u) = (new double[task.ObservationSize], new double[task.ActionSize]);
        _last = new double[task.ActionSize];
        _stepReward = _definition.StepReward is { } reward
            ? new StepReward(reward, task.ObservationSize, task.ControlStep) : null;
        ObservationDefinition? signals = _definition.StepReward?.Signals;
        _signals = signals is null ? null : new ObservationFunction<double>(signals);
        _y = new double[signals?.Size ?? 0];
        _simulated = [.. SimulatedOf(_definition.Observation, _x), .. signals is null ? [] : SimulatedOf(signals, _y)];
        _forward = _simulated.Any(
            s => s.Entry.Quantity is SimulatedQuantity.Sensor or SimulatedQuantity.ActuatorForce);
        bool remembers = _stepReward is not null || !_definition.Actions.RateLimit.IsEmpty
            || _simulated.Any(s => s.Entry.Quantity == SimulatedQuantity.PreviousAction);
        _remembered = remembers ? task.ActionSize : 0;
        _data.StartAt(_definition.Reset.Start);
        _reference = new double[_data.StateSize];
        _data.SaveState(_reference);

        static IEnumerable<(SimulatedEntry, ArraySegment<double>)> SimulatedOf(
            ObservationDefinition observation, double[] values) =>
            observation.Entries.Zip(observation.Starts).Where(pair => pair.First is SimulatedEntry).Select(pair =>
                ((SimulatedEntry)pair.First,
                new ArraySegment<double>(values, pair.Second, ((SimulatedEntry)pair.First).Size)));
    }

    public ControlTask Task { get; }

    /// <summary>[ObservationSize], x_t; valid once an episode was reset or restored.</summary>
    public ReadOnlySpan<double> Observation => _x;

    /// <summary>[Nq], the positions of the simulated state.</summary>
    public ReadOnlySpan<double> Qpos => _data.Qpos;

    /// <summary>[Nv], the velocities of the simulated state.</summary>
    public ReadOnlySpan<double> Qvel => _data.Qvel;

    /// <inheritdoc/>
    public ReadOnlySpan<double> Applied => _u;

    /// <summary>The terms of the reward that are not of x and u; null if there are none.</summary>
    public StepReward? StepReward => _stepReward;

    /// <summary>The constants of the episode, such as the target, in the order of the task file.</summary>
    public ReadOnlySpan<double> Constants => _constants;

    /// <summary>Undiscounted sum of the episode's rewards so far.</summary>
    public double Score { get; private set; }

    public int StepIndex { get; private set; }

    public bool Done { get; private set; }

    /// <summary>Whether the episode succeeded by the task's measures; valid at its end. False if it has none.</summary>
    public bool Success => _measures.Success;

    /// <summary>
    /// Size of a saved state: MuJoCo's, then the episode's constants, the model's parameters that are drawn, the last
    /// action if it matters, bookkeeping and measures.
    /// </summary>
    public int StateSize => _data.StateSize + _constants.Length + _parameters.Length + _remembered + Bookkeeping
        + _measures.State.Length;

    /// <summary>The simulation.</summary>
    internal MujocoData Data => _data;

    /// <summary>Value of a measure of the task so far; NaN if it has none yet.</summary>
    /// <param name="index">Index in the measures of the task's definition.</param>
    public double Measure(int index) => _measures.Value(index);

    /// <summary>Starts the episode that seed, stream and number select: initial state and constants.</summary>
    public void Reset(ulong seed, RandomStream stream, ulong episode)
    {
        if (_broken) _data.Reset();
        _broken = false;
        _data.RestoreState(_reference);
        _definition.Reset.Sample(seed, stream, episode, _data.Qpos, _data.Qvel, _parameters, _constants);
        _definition.Reset.PlaceMocaps(_data, _constants);
        SetParameters();
        _measures.Clear();
        _u.AsSpan().Clear();
        (Score, StepIndex, Done, _ready) = (0, 0, false, true);
        if (_definition.Reset.Settle > 0) Advance(_definition.Reset.Settle);
        Observe(StepIndex);
    }

    /// <param name="action">[ActionSize], clipped to [−1, 1] and to the task's rate limit.</param>
    /// <exception cref="InvalidOperationException">The episode is over or has not started; call Reset.</exception>
    /// <exception cref="SimulationException">
    /// Action, reward or state is not finite, or MuJoCo failed; continue with <see cref="Reset"/>.
    /// </exception>
    public StepResult Step(ReadOnlySpan<double> action)
    {
        CheckReady("step");
        if (Done)
            throw new InvalidOperationException($"{Task.Name}: the episode ended after step {StepIndex}; call Reset");
        _u.CopyTo(_last, 0);
        Clip(action);
        double reward = Finite(Task.Function.Value(_x, _u));
        _stepReward?.Before(_x, _y);
        Simulate();
        Observe(StepIndex + 1);
        if (_stepReward is not null)
            reward = Finite(reward + _stepReward.After(_x, _y, _last, _u));
        StepIndex++;
        _measures.Observe(StepIndex, _x);

        // the termination reward is for true terminal states only; a time limit is not one
        bool terminated = Task.Function.Terminates(_x) || _stepReward is { Terminates: true };
        if (terminated) reward += Task.Function.TerminationReward;
        bool timedOut = !terminated && StepIndex == _definition.Horizon;
        Score += reward;
        Done = terminated || timedOut;
        return new StepResult(reward, terminated, timedOut);
    }

    /// <summary>Writes the simulator's part of the state, as MujocoData.SaveState does; planners start there.</summary>
    /// <param name="state">[MujocoData.StateSize].</param>
    /// <exception cref="InvalidOperationException">No episode has started.</exception>
    public void SaveSimulation(Span<double> state)
    {
        CheckReady("save");
        _data.SaveState(state);
    }

    /// <summary>Writes the complete state.</summary>
    /// <param name="state">[StateSize].</param>
    /// <exception cref="InvalidOperationException">No episode has started.</exception>
    public void SaveState(Span<double> state)
    {
        CheckReady("save");
        CheckSize(state.Length);
        _data.SaveState(state[.._data.StateSize]);
        Span<double> rest = state[_data.StateSize..];
        _constants.CopyTo(rest);
        rest = rest[_constants.Length..];
        _parameters.CopyTo(rest);
        rest = rest[_parameters.Length..];
        _u.AsSpan(0, _remembered).CopyTo(rest);
        rest = rest[_remembered..];
        (rest[0], rest[1], rest[2]) = (StepIndex, Score, Done ? 1 : 0);
        _measures.State.CopyTo(rest[Bookkeeping..]);
    }

    /// <summary>Restores a state saved by an environment of the same task.</summary>
    /// <param name="state">[StateSize].</param>
    public void RestoreState(ReadOnlySpan<double> state)
    {
        CheckSize(state.Length);
        if (_broken) _data.Reset();
        _data.RestoreState(state[.._data.StateSize]);
        ReadOnlySpan<double> rest = state[_data.StateSize..];
        rest[.._constants.Length].CopyTo(_constants);
        rest = rest[_constants.Length..];
        rest[.._parameters.Length].CopyTo(_parameters);
        rest = rest[_parameters.Length..];
        rest[.._remembered].CopyTo(_u);
        rest = rest[_remembered..];
        (StepIndex, Score, Done) = ((int)rest[0], rest[1], rest[2] != 0);
        rest[Bookkeeping..].CopyTo(_measures.State);
        _definition.Reset.PlaceMocaps(_data, _constants);
        SetParameters();
        (_broken, _ready) = (false, true);
        Observe(StepIndex);
    }

    public void Dispose()
    {
        _data.Dispose();
        _ownModel?.Dispose();
    }

    // the parameters of the episode, where they differ from those of the last one
    private void SetParameters()
    {
        ImmutableArray<ModelParameter> parameters = _definition.Reset.Parameters;
        bool changed = false;
        for (int i = 0; i < parameters.Length; i++)
        {
            if (parameters[i].In(_ownModel!) == _parameters[i]) continue;
            parameters[i].Set(_ownModel!, Task.Model, _parameters[i]);
            changed = true;
        }
        if (!changed) return;
        double[] state = new double[_data.StateSize];
        _data.SaveState(state);
        _data.UpdateModelConstants();
        _data.RestoreState(state);
    }

    private void Observe(int steps)
    {
        _h.Evaluate(_data.Qpos, _data.Qvel, _constants, _x);
        _signals?.Evaluate(_data.Qpos, _data.Qvel, _constants, _y);
        if (_forward) Advance(0);
        foreach ((SimulatedEntry entry, ArraySegment<double> at) in _simulated) Read(entry, steps, at);
        foreach (ObservationTransform transform in _definition.Transforms)
        {
            _x[transform.Index] = transform.Of(_x[transform.Index]);
            if (!double.IsFinite(_x[transform.Index]))
                throw Failure($"'{Task.ObservationNames[transform.Index]}' is ln(1 + v) of a value v that is not above "
                    + "-1; leave out log1p", unstable: false);
        }
    }

    private void Read(SimulatedEntry entry, int steps, Span<double> x)
    {
        double time = steps * Task.ControlStep;
        switch (entry.Quantity)
        {
            case SimulatedQuantity.Elapsed: x[0] = time; return;
            case SimulatedQuantity.Remaining: x[0] = (_definition.Horizon - steps) * Task.ControlStep; return;
            case SimulatedQuantity.Phase: (x[0], x[1]) = Math.SinCos(2 * Math.PI * (time / entry.Period)); return;
        }
        ReadOnlySpan<double> from = entry.Quantity switch
        {
            SimulatedQuantity.Sensor => _data.SensorData,
            SimulatedQuantity.Activation => _data.Act,
            SimulatedQuantity.ActuatorForce => _data.ActuatorForce,
            _ => _u,
        };
        from.Slice(entry.Address, x.Length).CopyTo(x);
        foreach (double value in x)
            if (!double.IsFinite(value)) throw Failure($"'{entry.Name}' is not finite");
    }

    private void Clip(ReadOnlySpan<double> action)
    {
        if (action.Length != _u.Length)
            throw new ArgumentException(
                $"{Task.Name}: the action has {action.Length} numbers, and the task needs {_u.Length}", nameof(action));
        for (int i = 0; i < _u.Length; i++)
        {
            if (!double.IsFinite(action[i])) throw Failure($"action {i} is {action[i]}", unstable: false);
            _u[i] = Math.Clamp(action[i], -1, 1);
        }
        ImmutableArray<double> limit = _definition.Actions.RateLimit;
        for (int i = 0; i < limit.Length; i++) _u[i] = EnvironmentTask.Limited(_u[i], _last[i], limit[i]);
    }

    private void Simulate()
    {
        Task.ToControls(_u, _data.Ctrl);
        Advance(_definition.Substeps);
    }

    // steps of the simulation; with none, sensors and forces are updated to the state
    private void Advance(int substeps)
    {
        try
        {
            if (substeps > 0) _data.Step(substeps);
            else _data.Forward();
        }
        catch (Exception e) when (e is SimulationException or MujocoException)
        {
            throw Failure(e.Message, e);
        }
        if (substeps == 0) return;
        // MuJoCo checks a state only at the start of the next step
        foreach (double q in _data.Qpos)
            if (!double.IsFinite(q)) throw Failure("the positions are not finite");
        foreach (double v in _data.Qvel)
            if (!double.IsFinite(v)) throw Failure("the velocities are not finite");
    }

    private double Finite(double reward) => double.IsFinite(reward) ? reward : throw Failure(
        "the reward is not finite; end the episode before, by bounds under 'termination'", unstable: false);

    private SimulationException Failure(string cause, Exception? inner = null, bool unstable = true)
    {
        (_broken, _ready) = (true, false);
        return new SimulationException($"{Task.Name}, step {StepIndex + 1} of the episode: {cause}", inner)
        {
            Unstable = unstable,
        };
    }

    private void CheckReady(string verb)
    {
        if (!_ready) throw new InvalidOperationException($"{Task.Name}: there is no episode to {verb}; call Reset");
    }

    private void CheckSize(int length)
    {
        if (length != StateSize)
            throw new InvalidDataException(
                $"{Task.Name}: a state has {StateSize} numbers, not {length}; allocate StateSize");
    }

    double[] IControlEnvironment.SaveState()
    {
        double[] state = new double[StateSize];
        SaveState(state);
        return state;
    }

    Box IEnvironment.ObservationSpace => new(Task.ObservationSize, double.NegativeInfinity, double.PositiveInfinity);

    Box IEnvironment.ActionSpace => new(Task.ActionSize, -1, 1);

    int IEnvironment.MaxEpisodeSteps => Task.Horizon;

    double[] IEnvironment.Reset(ulong seed)
    {
        Reset(seed, RandomStream.Reset, 0);
        return [.. _x];
    }

    EnvironmentStep IEnvironment.Step(ReadOnlySpan<double> action)
    {
        StepResult result = Step(action);
        return new EnvironmentStep([.. _x], result.Reward, result.Terminated, result.TimedOut);
    }
}
