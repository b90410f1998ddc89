using Naf.Cli.Benchmarks;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

/// <summary>The timed loops in C and C# do the same work: no timing before agreement.</summary>
internal sealed class PeerTests : MujocoFixture
{
    [Test]
    public void The_loop_in_C_ends_in_bitwise_the_same_state()
    {
        if (!File.Exists("/usr/include/mujoco/mujoco.h") || !File.Exists("/usr/bin/cc"))
            Assert.Ignore("needs a C compiler and libmujoco-dev");
        Run("cc", "-O2", "-o", Folder["peer"], Path.Combine(Repository.Root, "perf/peers/sim_mujoco.c"), "-lmujoco");
        JsonElement peer = JsonDocument.Parse(Run(Folder["peer"], TestModels.CheetahPath, "0", "5", "300")).RootElement;
        if (peer.GetProperty("version").GetString() != MujocoLibrary.Load().Version)
            Assert.Ignore("the compiler links another MuJoCo than is loaded");

        using MujocoModel model = MujocoModel.Load(TestModels.CheetahPath);
        using var data = new MujocoData(model);
        new RandomMotion(1).Run(data, 300, 5);
        Assert.That($"{RandomMotion.Checksum(data):x16}", Is.EqualTo(peer.GetProperty("checksum").GetString()));
        Assert.That(data.Qpos.ToArray(),
            Is.EqualTo(peer.GetProperty("qpos").EnumerateArray().Select(q => q.GetDouble())));
    }

    private static string Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(
            new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.That(process.ExitCode, Is.Zero, program);
        return output;
    }
}
