using System.Runtime.CompilerServices;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>
/// If an error of MuJoCo cannot be turned into an exception, the process ends with an explanation, and neither hangs
/// nor continues. Tested in a child process.
/// </summary>
internal sealed class FailFastTests
{
    private const string Variable = "NAF_TESTS_FAIL_FAST", Unguarded = "unguarded", NoGuard = "no-guard";

    [TestCase(Unguarded, "outside of a guarded call")]
    [TestCase(NoGuard, "only on linux-x64")]
    public void The_process_ends_with_an_explanation(string scene, string why)
    {
        if (scene == Unguarded) FailureTests.Guarded();
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        var start = new ProcessStartInfo(host, [typeof(FailFastTests).Assembly.Location])
        {
            RedirectStandardError = true, RedirectStandardOutput = true, Environment = { [Variable] = scene },
        };
        using Process child = Process.Start(start)!;
        string error = child.StandardError.ReadToEnd();
        Assert.That(child.WaitForExit(60_000), Is.True, "it hangs");
        Assert.That(child.ExitCode, Is.Not.Zero.And.Not.EqualTo(77));
        Assert.That(error, Does.Contain("provoked").And.Contain(why).And.Contain("can be resumed"));
    }

#pragma warning disable CA2255 // a module initializer is the only code that runs before the test host's own entry point
    /// <summary>In the child process: provokes the error.</summary>
    [ModuleInitializer]
    internal static void Child()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { } scene) Provoke(scene);
    }
#pragma warning restore CA2255

    private static unsafe void Provoke(string scene)
    {
        AppContext.SetSwitch("Naf.Sim.NoErrorGuard", scene == NoGuard);
        nint error = MujocoLibrary.Load().Export("mju_error");
        fixed (byte* message = "provoked\0"u8)
        {
            if (scene == NoGuard) ErrorGuard.Invoke(error, (nint)message);
            else ((delegate* unmanaged<byte*, void>)error)(message);
        }
        Environment.Exit(77);
    }
}
