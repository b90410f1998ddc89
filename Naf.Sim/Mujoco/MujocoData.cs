using Naf.Sim.Mujoco.Layouts;

namespace Naf.Sim.Mujoco;

/// <summary>The state is not finite (MuJoCo then resets or zeroes it silently): the episode is unusable.</summary>
public sealed class SimulationException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Whether the simulation broke down at an action that was finite.</summary>
    public bool Unstable { get; init; }
}

/// <summary>
/// One simulation (mjData) of a model. Many may run in parallel on one shared model; each is used by one thread at a
/// time. Spans are views of MuJoCo's memory: read and write them between calls, and do not keep them past
/// <see cref="Dispose"/>.
/// </summary>
internal sealed unsafe class MujocoData : IDisposable
{
    private readonly MujocoLibrary _library;
    private readonly nint _model;
    private readonly double* _time, _qpos, _qvel, _ctrl, _act, _warmstart, _sensors, _forces, _mocap;
    private readonly double[] _kept;
    private readonly int _sensorSize;
    private readonly (nint At, int Length)[] _state;
    private readonly int* _warnings, _bad;
    private readonly int _warningKinds;
    private readonly double _timestep;
    private nint _data;
    private bool _faulted;

    /// <summary>Creates a simulation in the model's reference pose, at rest, at time 0.</summary>
    /// <exception cref="MujocoException">The memory that the model needs cannot be allocated.</exception>
    public MujocoData(MujocoModel model)
    {
        model.AddReference();
        try
        {
            _data = model.Library.MakeData(model.Native);
        }
        catch
        {
            model.Release();
            throw;
        }
        NativeObjects.Count(1);
        Model = model;
        _library = model.Library;
        _model = model.Native;
        _timestep = model.Timestep;

        // the arrays of an mjData keep their addresses for its lifetime
        MujocoLayout layout = _library.Layout;
        _time = (double*)(_data + layout.Data("time"));
        _warnings = (int*)(_data + layout.Data("warning"));
        _warningKinds = layout.WarningKinds;
        _bad = _warnings + 2 * (_warningKinds - 4);
        _qpos = Array("qpos");
        _qvel = Array("qvel");
        _act = Array("act");
        _ctrl = Array("ctrl");
        _warmstart = Array("qacc_warmstart");
        _sensors = Array("sensordata");
        _forces = Array("actuator_force");
        _mocap = Array("mocap_pos");
        _sensorSize = model.Sensors.Sum(sensor => sensor.Size);
        _kept = new double[model.Nv];

        // the constraint solver starts from the accelerations in qacc_warmstart, so they are part of the state
        _state = [((nint)_time, 1), ((nint)_qpos, model.Nq), ((nint)_qvel, model.Nv), ((nint)_act, model.Na),
            ((nint)_warmstart, model.Nv), ((nint)_ctrl, model.Nu)];
        StateSize = _state.Sum(field => field.Length);

        double* Array(string field) => *(double**)(_data + layout.Data(field));
    }

    public MujocoModel Model { get; }

    /// <summary>Whether its warnings are dropped, as for trial motions of a planner.</summary>
    public bool Quiet { get; init; }

    /// <summary>Length of a saved state: time, qpos, qvel, act, qacc_warmstart, ctrl, in this order.</summary>
    public int StateSize { get; }

    /// <summary>Simulated time, s.</summary>
    public double Time => *Alive(_time);

    /// <summary>[Nq] Generalised coordinates, m and rad (quaternions for free and ball joints).</summary>
    public Span<double> Qpos => new(Alive(_qpos), Model.Nq);

    /// <summary>[Nv] Generalised velocities, m/s and rad/s.</summary>
    public Span<double> Qvel => new(Alive(_qvel), Model.Nv);

    /// <summary>[Nu] Controls; MuJoCo clips them to their ranges.</summary>
    public Span<double> Ctrl => new(Alive(_ctrl), Model.Nu);

    /// <summary>[Na] Activations of the actuators.</summary>
    public Span<double> Act => new(Alive(_act), Model.Na);

    /// <summary>Values of the sensors, after <see cref="Forward"/>.</summary>
    public ReadOnlySpan<double> SensorData => new(Alive(_sensors), _sensorSize);

    /// <summary>[Nu] Forces of the actuators, after <see cref="Forward"/>; N or N m.</summary>
    public ReadOnlySpan<double> ActuatorForce => new(Alive(_forces), Model.Nu);

    /// <summary>Sets positions, velocities, activations and controls to a keyframe's; null changes nothing.</summary>
    public void StartAt(Keyframe? key)
    {
        if (key is null) return;
        key.Qpos.CopyTo(Qpos);
        key.Qvel.CopyTo(Qvel);
        key.Act.CopyTo(Act);
        key.Ctrl.CopyTo(Ctrl);
    }

    /// <summary>Places a mocap body; a <see cref="Reset"/> puts it back where the model has it.</summary>
    /// <param name="mocap">Its number among the mocap bodies.</param>
    /// <param name="position">[up to 3], in the world, m; missing numbers are 0.</param>
    public void PlaceMocap(int mocap, ReadOnlySpan<double> position)
    {
        var place = new Span<double>(Alive(_mocap) + 3 * mocap, 3);
        place.Clear();
        position.CopyTo(place);
    }

    internal nint Native => (nint)Alive((double*)_data);

    /// <summary>mj_step, <paramref name="substeps"/> times with the same controls.</summary>
    /// <exception cref="SimulationException">
    /// MuJoCo found a bad number (NaN, infinite or above 1e10) and reset the simulation or zeroed the controls;
    /// continue with <see cref="Reset"/> or <see cref="RestoreState"/>.
    /// </exception>
    /// <exception cref="MujocoException">MuJoCo stopped with an error; call Reset before other use.</exception>
    public void Step(int substeps = 1)
    {
        CheckUsable();
        for (int k = 0; k < substeps; k++)
        {
            double before = *_time;
            Invoke(_library.Step);
            if (*_time != before + _timestep || BadNumbers()) Fail(k, substeps, before);
        }
    }

    /// <summary>
    /// mj_resetData: the reference pose at rest, at time 0. Slow (tens of µs); restoring a saved state is hundreds of
    /// times faster.
    /// </summary>
    public void Reset()
    {
        Alive(_time);
        ErrorGuard.Invoke(_library.ResetData, _model, _data, quiet: Quiet);
        _faulted = false;
    }

    /// <summary>
    /// mj_setConst: computes what the model derives from its masses and other parameters, once they have changed. The
    /// state is lost.
    /// </summary>
    public void UpdateModelConstants()
    {
        CheckUsable();
        Invoke(_library.SetConst);
    }

    /// <summary>
    /// Updates everything that depends on Qpos (mj_fwdPosition): bodies, sites, geoms, cameras, lights and centres of
    /// mass. The trajectory is unaffected.
    /// </summary>
    public void Positions()
    {
        CheckUsable();
        Invoke(_library.FwdPosition);
    }

    /// <summary>
    /// Updates everything that depends on the state and the controls, sensors and forces included (mj_forward): after a
    /// step they are those before its last substep. The trajectory is unaffected.
    /// </summary>
    public void Forward()
    {
        CheckUsable();
        var warmstart = new Span<double>(_warmstart, _kept.Length);
        warmstart.CopyTo(_kept);
        Invoke(_library.Forward);
        _kept.CopyTo(warmstart);
    }

    /// <summary>
    /// Writes the state. It does not include applied forces, mocap poses and user data; code that changes these after
    /// loading must restore them too.
    /// </summary>
    /// <param name="state">[at least StateSize]</param>
    public void SaveState(Span<double> state)
    {
        CheckLength(state.Length, nameof(state));
        foreach ((nint at, int length) in _state)
        {
            new ReadOnlySpan<double>((double*)at, length).CopyTo(state);
            state = state[length..];
        }
    }

    /// <summary>
    /// Restores a state saved by <see cref="SaveState"/> from a simulation of the same model; the trajectory continues
    /// bitwise identically. Bodies are up to date after <see cref="Positions"/>.
    /// </summary>
    /// <param name="state">[at least StateSize]</param>
    public void RestoreState(ReadOnlySpan<double> state)
    {
        CheckLength(state.Length, nameof(state));
        foreach ((nint at, int length) in _state)
        {
            state[..length].CopyTo(new Span<double>((double*)at, length));
            state = state[length..];
        }
    }

    /// <summary>Frees the memory, and the model's if that is disposed and this was its last simulation.</summary>
    public void Dispose()
    {
        nint freed = Interlocked.Exchange(ref _data, 0);
        if (freed == 0) return;
        _library.DeleteData(freed);
        NativeObjects.Count(-1);
        Model.Release();
    }

    private void Invoke(nint function)
    {
        try
        {
            ErrorGuard.Invoke(function, _model, _data, quiet: Quiet);
        }
        catch (MujocoException)
        {
            _faulted = true;
            throw;
        }
    }

    private double* Alive(double* field)
    {
        ObjectDisposedException.ThrowIf(_data == 0, this);
        return field;
    }

    private void CheckUsable()
    {
        Alive(_time);
        if (_faulted)
            throw new MujocoException(
                "this simulation was left unfinished by an error in MuJoCo; call Reset, or dispose it");
    }

    private void CheckLength(int length, string name)
    {
        Alive(_time);
        if (length < StateSize)
            throw new ArgumentException(
                $"the state has room for {length} numbers but the model needs {StateSize}; allocate StateSize", name);
    }

    /// <summary>MuJoCo's last four warning kinds: bad qpos, qvel, qacc, ctrl; each has (lastinfo, number).</summary>
    private bool BadNumbers() => (_bad[1] | _bad[3] | _bad[5] | _bad[7]) != 0;

    private void Fail(int substep, int substeps, double before)
    {
        string cause = "MuJoCo reset the simulation on its own";
        string[] kinds = ["qpos", "qvel", "qacc", "ctrl"];
        for (int kind = 3; kind >= 0; kind--)
            if (_bad[2 * kind + 1] != 0)
                cause = $"bad number (NaN, infinite or above 1e10) in {kinds[kind]}[{_bad[2 * kind]}]";

        // reset the counters, so that later warnings are new
        new Span<int>(_warnings, 2 * _warningKinds).Clear();
        throw new SimulationException(FormattableString.Invariant(
            $"the simulation broke down at time {before:0.######} s, substep {substep + 1} of {substeps}: {cause}. ") +
            "The state or the controls are too large or not finite; smaller time steps or stronger damping in the "
            + "model may help")
        {
            Unstable = true,
        };
    }
}
