namespace Naf.Sim.Mujoco;

/// <summary>Counts the native objects not freed yet: models, simulations, buffers and contexts.</summary>
internal static class NativeObjects
{
    private static int _alive;

    public static int Alive => Volatile.Read(ref _alive);

    public static void Count(int change) => Interlocked.Add(ref _alive, change);
}
