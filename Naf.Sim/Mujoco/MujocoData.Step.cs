namespace Naf.Sim.Mujoco;

/// <summary>Stepping, and what belongs to it: failures, warnings, bringing Cartesian quantities up to date.</summary>
public sealed unsafe partial class MujocoData
{
    private bool _faulted;

    /// <summary>
    /// How many warnings MuJoCo has counted in this simulation since it was made or reset (contacts or constraints that found no room,
    /// bad numbers...).
    /// </summary>
    public int WarningCount
    {
        get
        {
            Alive(_time);
            int count = 0;
            for (int kind = 0; kind < _warningKinds; kind++) count += _warnings[2 * kind + 1];
            return count;
        }
    }

    /// <summary>
    /// mj_step, <paramref name="substeps"/> times with the same controls. Positions of sites and sensors are then one substep old,
    /// until <see cref="Kinematics"/> or <see cref="Sensors"/>.
    /// </summary>
    /// <exception cref="SimulationException">
    /// MuJoCo met a bad number (NaN, infinite, above 1e10) and reset the simulation or zeroed the controls; go on from <see cref="Reset"/>
    /// or <see cref="RestoreState"/>.
    /// </exception>
    /// <exception cref="MujocoException">MuJoCo stopped with an error; this simulation is usable again only after <see cref="Reset"/>.</exception>
    public void Step(int substeps = 1)
    {
        Usable();
        try
        {
            for (int k = 0; k < substeps; k++)
            {
                double before = *_time;
                ErrorGuard.Invoke(_library.Step, _model, _data);
                if (*_time != before + _timestep || BadNumbers()) Fail(k, substeps, before);
            }
        }
        catch (MujocoException)
        {
            _faulted = true;
            throw;
        }
    }

    /// <summary>
    /// mj_resetData: the reference pose at rest, at time 0. Slow (tens of µs): restoring a saved state is hundreds of times faster.
    /// </summary>
    public void Reset()
    {
        Alive(_time);
        ErrorGuard.Invoke(_library.ResetData, _model, _data);
        _faulted = false;
    }

    /// <summary>Brings positions of bodies, sites and geoms up to date with Qpos (mj_kinematics); the trajectory is untouched.</summary>
    public void Kinematics() => Update(_library.Kinematics);

    /// <summary>Brings all that follows from Qpos up to date (mj_fwdPosition): also cameras, lights and centres of mass.</summary>
    public void Positions() => Update(_library.FwdPosition);

    /// <summary>Brings positions and velocities up to date with Qpos and Qvel; the trajectory is untouched.</summary>
    public void Velocities()
    {
        Update(_library.Kinematics);
        Update(_library.ComPos);
        Update(_library.ComVel);
    }

    /// <summary>
    /// Brings position and velocity sensors up to date with Qpos and Qvel; the trajectory is untouched. Acceleration and force sensors stay
    /// one substep old.
    /// </summary>
    public void Sensors()
    {
        Update(_library.FwdPosition);
        Update(_library.SensorPos);
        Update(_library.FwdVelocity);
        Update(_library.SensorVel);
    }

    private void Update(nint function)
    {
        Usable();
        try
        {
            ErrorGuard.Invoke(function, _model, _data);
        }
        catch (MujocoException)
        {
            _faulted = true;
            throw;
        }
    }

    private void Usable()
    {
        Alive(_time);
        if (_faulted) throw new MujocoException("this simulation was left unfinished by an error in MuJoCo; call Reset, or dispose it");
    }

    /// <summary>MuJoCo's last four kinds: bad numbers in qpos, qvel, qacc, ctrl; each has (lastinfo, number).</summary>
    private bool BadNumbers()
    {
        int* bad = _warnings + 2 * (_warningKinds - 4);
        return (bad[1] | bad[3] | bad[5] | bad[7]) != 0;
    }

    private void Fail(int substep, int substeps, double before)
    {
        int* bad = _warnings + 2 * (_warningKinds - 4);
        string cause = "MuJoCo reset the simulation on its own";
        string[] kinds = ["qpos", "qvel", "qacc", "ctrl"];
        for (int kind = 3; kind >= 0; kind--)
            if (bad[2 * kind + 1] != 0) cause = $"bad number (NaN, infinite or above 1e10) in {kinds[kind]}[{bad[2 * kind]}]";

        // what is counted from here on is new
        new Span<int>(_warnings, 2 * _warningKinds).Clear();
        throw new SimulationException(FormattableString.Invariant(
            $"the simulation broke down at time {before:0.######} s, substep {substep + 1} of {substeps}: {cause}. ") +
            "The state or the controls are too large or not finite; smaller time steps or stronger damping in the model may help");
    }
}
