using Naf.Kernels.Observation;
using Naf.Sim.Mujoco;
using Naf.Sim.Mujoco.Layouts;

namespace Naf.Tests;

/// <summary>MuJoCo's own results for a simulation, independent of the kinematics used for observations.</summary>
internal static unsafe class MujocoSites
{
    /// <summary>Updates everything that depends on Qpos and Qvel.</summary>
    public static void Velocities(this MujocoData data)
    {
        data.Positions();
        ErrorGuard.Invoke(data.Model.Library.Export("mj_comVel"), data.Model.Native, data.Native);
    }

    /// <summary>Number of warnings in this simulation since its creation or reset.</summary>
    public static int WarningCount(this MujocoData data)
    {
        MujocoLayout layout = data.Model.Library.Layout;
        var warnings = (int*)(data.Native + layout.Data("warning")); // (lastinfo, number) of each kind
        return Enumerable.Range(0, layout.WarningKinds).Sum(kind => warnings[2 * kind + 1]);
    }

    /// <summary>[3] Position in the world, m.</summary>
    public static double[] SitePosition(this MujocoData data, int site) => Frame(data, site).Place;

    /// <summary>[3, 3] Orientation in the world, rows of the rotation matrix.</summary>
    public static double[] SiteOrientation(this MujocoData data, int site) => Frame(data, site).Rows;

    /// <summary>Velocity in the world (mj_objectVelocity).</summary>
    /// <param name="data">The simulation, after <see cref="Velocities"/>.</param>
    /// <param name="linear">[3] receives m/s.</param>
    /// <param name="angular">[3] receives rad/s.</param>
    public static void SiteVelocity(this MujocoData data, int site, Span<double> linear, Span<double> angular)
    {
        MujocoLibrary library = data.Model.Library;
        var objectVelocity =
            (delegate* unmanaged<nint, nint, int, int, double*, int, void>)library.Export("mj_objectVelocity");
        double* velocity = stackalloc double[6]; // MuJoCo's order: rotation first
        objectVelocity(data.Model.Native, data.Native, library.Layout.Enum("mjOBJ_SITE"), site, velocity, 0);
        new ReadOnlySpan<double>(velocity, 3).CopyTo(angular);
        new ReadOnlySpan<double>(velocity + 3, 3).CopyTo(linear);
    }

    private static (double[] Place, double[] Rows) Frame(MujocoData data, int site)
    {
        var localToGlobal = (delegate* unmanaged<nint, double*, double*, Vec3<double>*, Quat<double>*, int, byte, void>)
            data.Model.Library.Export("mj_local2Global");
        (_, int body, Vec3<double> position, Quat<double> rotation) = data.Model.KinematicTree.Sites[site];
        double[] place = new double[3], rows = new double[9];
        fixed (double* p = place, r = rows) localToGlobal(data.Native, p, r, &position, &rotation, body, 0);
        return (place, rows);
    }
}
