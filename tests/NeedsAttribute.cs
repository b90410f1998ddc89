using Naf.Gpu;
using Naf.Sim.Rendering;
using NUnit.Framework.Interfaces;

namespace Naf.Tests;

/// <summary>
/// Tests that draw, encode video, compile, submit jobs or run Python. They are skipped, with the missing packages as
/// the reason, only if the packages cannot be installed: for root on Debian, <c>test</c> installs them.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class NeedsAttribute(Need need) : TestActionAttribute
{
    private static readonly Lazy<bool> Egl = new(DrawsHere), Ffmpeg = new(() => OnPath("ffmpeg") && OnPath("ffprobe")),
        Pocl = new(() => DeviceList.All().Any(GpuDevices.IsPocl)),
        Slurm = new(() => SlurmCluster.Programs.All(OnPath)),
        Python = new(() => OnPath("python3"));

    /// <inheritdoc/>
    public override ActionTargets Targets => ActionTargets.Test;

    private static bool Installable => Environment.IsPrivilegedProcess && OnPath("apt-get");

    /// <inheritdoc/>
    public override void BeforeTest(ITest test) => Check(need);

    /// <summary>Skips the running test if something is missing that cannot be installed.</summary>
    public static void Check(Need need)
    {
        if (Installable) return;
        if (!Egl.Value && need.HasFlag(Need.Egl)) Assert.Ignore("needs libegl1 and libgl1-mesa-dri");
        if (!Ffmpeg.Value && need.HasFlag(Need.Ffmpeg)) Assert.Ignore("needs ffmpeg");
        if (!Slurm.Value && need.HasFlag(Need.Slurm)) Assert.Ignore("needs slurm-wlm and munge, on Linux");
        if (!Python.Value && need.HasFlag(Need.Python)) Assert.Ignore("needs python3");
        if (!Pocl.Value && need.HasFlag(Need.Pocl)) Assert.Ignore("needs pocl-opencl-icd");
    }

    private static bool DrawsHere()
    {
        try
        {
            EglLibrary.Load();
            return true;
        }
        catch (RenderingException)
        {
            return false;
        }
    }

    private static bool OnPath(string program) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin".Split(Path.PathSeparator)
            .Any(folder => File.Exists(Path.Combine(folder, program)));
}

/// <summary>Requirements of a test besides MuJoCo.</summary>
[Flags]
internal enum Need
{
    /// <summary>Libraries that draw pictures.</summary>
    Egl = 1,
    /// <summary>Programs that encode and read videos.</summary>
    Ffmpeg = 2,
    /// <summary>The CPU as an OpenCL device.</summary>
    Pocl = 4,
    /// <summary>A cluster's queue, with its daemons.</summary>
    Slurm = 8,
    /// <summary>Python 3, for environments in it.</summary>
    Python = 16,
}
