
namespace Naf.Sim.Control;

/// <summary>Saving and restoring an environment amid an episode: bitwise the same continuation follows.</summary>
public sealed partial class ControlEnvironment
{
    /// <summary>Step number, score, whether the episode is over.</summary>
    private const int Bookkeeping = 3;

    /// <summary>Size of a saved state: MuJoCo's, the constants of the episode, its bookkeeping, its measures.</summary>
    public int StateSize => _data.StateSize + _constants.Length + Bookkeeping + _measures.State.Length;

    /// <summary>Size of <see cref="SaveSimulation"/>'s state: MujocoData.StateSize.</summary>
    public int SimulationSize => _data.StateSize;

    /// <summary>Writes the simulator's part of the state, as MujocoData.SaveState does: what a planner begins from.</summary>
    /// <param name="state">[SimulationSize].</param>
    /// <exception cref="InvalidOperationException">No episode has begun.</exception>
    public void SaveSimulation(Span<double> state)
    {
        if (!_ready) throw new InvalidOperationException($"{Task.Name}: there is no episode to save; call Reset");
        _data.SaveState(state);
    }

    /// <summary>Writes the complete state.</summary>
    /// <param name="state">[StateSize].</param>
    /// <exception cref="InvalidOperationException">No episode has begun.</exception>
    public void SaveState(Span<double> state)
    {
        if (!_ready) throw new InvalidOperationException($"{Task.Name}: there is no episode to save; call Reset");
        CheckSize(state.Length);
        _data.SaveState(state[.._data.StateSize]);
        Span<double> rest = state[_data.StateSize..];
        _constants.CopyTo(rest);
        rest = rest[_constants.Length..];
        (rest[0], rest[1], rest[2]) = (StepIndex, Score, Done ? 1 : 0);
        _measures.State.CopyTo(rest[Bookkeeping..]);
    }

    /// <summary>Reads a state that an environment of the same task wrote.</summary>
    /// <param name="state">[StateSize].</param>
    public void RestoreState(ReadOnlySpan<double> state)
    {
        CheckSize(state.Length);
        if (_broken) _data.Reset();
        _data.RestoreState(state[.._data.StateSize]);
        ReadOnlySpan<double> rest = state[_data.StateSize..];
        rest[.._constants.Length].CopyTo(_constants);
        rest = rest[_constants.Length..];
        (StepIndex, Score, Done) = ((int)rest[0], rest[1], rest[2] != 0);
        rest[Bookkeeping..].CopyTo(_measures.State);
        (_broken, _ready) = (false, true);
        Observe();
    }

    double[] IControlEnvironment.SaveState()
    {
        double[] state = new double[StateSize];
        SaveState(state);
        return state;
    }

    private void CheckSize(int length)
    {
        if (length != StateSize) throw new InvalidDataException($"{Task.Name}: a state has {StateSize} numbers, not {length}; allocate StateSize");
    }
}
