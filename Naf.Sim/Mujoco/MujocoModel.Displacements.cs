namespace Naf.Sim.Mujoco;

/// <summary>Displacements between configurations: [Nv] numbers along qvel's coordinates, where qpos itself has quaternions.</summary>
public sealed unsafe partial class MujocoModel
{
    /// <summary>qpos ← qpos ⊕ d (mj_integratePos): shifts in the world, turns of free and ball joints about the body's own axes.</summary>
    /// <param name="qpos">[Nq], is moved.</param>
    /// <param name="displacement">[Nv], d; metres and radians.</param>
    public void Displace(Span<double> qpos, ReadOnlySpan<double> displacement)
    {
        Check(qpos.Length, displacement.Length);
        fixed (double* q = qpos, d = displacement) Library.IntegratePos(_model, q, d, 1);
    }

    /// <summary>d with from ⊕ d = to (mj_differentiatePos).</summary>
    /// <param name="from">[Nq].</param>
    /// <param name="to">[Nq].</param>
    /// <param name="displacement">[Nv], receives d.</param>
    public void Difference(ReadOnlySpan<double> from, ReadOnlySpan<double> to, Span<double> displacement)
    {
        Check(from.Length, displacement.Length);
        Check(to.Length, displacement.Length);
        fixed (double* a = from, b = to, d = displacement) Library.DifferentiatePos(_model, d, 1, a, b);
    }

    private void Check(int qpos, int displacement)
    {
        if (qpos != Nq || displacement != Nv)
            throw new ArgumentException($"{qpos} coordinates and {displacement} displacements given, and the model has {Nq} and {Nv}");
    }
}
