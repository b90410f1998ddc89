
namespace Naf.Sim.Mujoco;

/// <summary>Saving and restoring the state in managed code: bitwise the same trajectory follows.</summary>
public sealed unsafe partial class MujocoData
{
    /// <summary>Length of a saved state: time, qpos, qvel, act, qacc_warmstart, ctrl, in this order.</summary>
    public int StateSize => 1 + Model.Nq + 2 * Model.Nv + Model.Na + Model.Nu;

    /// <summary>
    /// Writes the state. What a simulation carries besides (applied forces, mocap poses, user data) is not in it;
    /// who changes these after loading must restore them too.
    /// </summary>
    /// <param name="state">[at least StateSize]</param>
    public void SaveState(Span<double> state)
    {
        CheckLength(state.Length, nameof(state));
        state[0] = Time;
        state = state[1..];
        Put(Qpos, ref state);
        Put(Qvel, ref state);
        Put(Act, ref state);
        Put(QaccWarmstart, ref state);
        Put(Ctrl, ref state);

        static void Put(ReadOnlySpan<double> field, ref Span<double> rest)
        {
            field.CopyTo(rest);
            rest = rest[field.Length..];
        }
    }

    /// <summary>
    /// Reads a state written by <see cref="SaveState"/> of a simulation of the same model. Sites are up to date after
    /// <see cref="Kinematics"/>.
    /// </summary>
    /// <param name="state">[at least StateSize]</param>
    public void RestoreState(ReadOnlySpan<double> state)
    {
        CheckLength(state.Length, nameof(state));
        Time = state[0];
        state = state[1..];
        Take(Qpos, ref state);
        Take(Qvel, ref state);
        Take(Act, ref state);
        Take(QaccWarmstart, ref state);
        Take(Ctrl, ref state);

        static void Take(Span<double> field, ref ReadOnlySpan<double> rest)
        {
            rest[..field.Length].CopyTo(field);
            rest = rest[field.Length..];
        }
    }

    private void CheckLength(int length, string name)
    {
        if (length < StateSize)
            throw new ArgumentException($"the state has room for {length} numbers but the model needs {StateSize}; allocate StateSize", name);
    }
}
