using System.Runtime.InteropServices;
using Naf.Sim;
using Naf.Sim.Mujoco;

namespace Naf.Tests;

internal sealed class MujocoFinderTests : FolderFixture
{
    [Test]
    public void A_path_that_does_not_exist_is_named_with_the_remedy() => Assert.That(
        () => MujocoFinder.Find("/no/such/place"),
        Throws.TypeOf<MujocoException>().With.Message.Contains("/no/such/place")
            .And.Message.Contains("apt-get install libmujoco2.2.2").And.Message.Contains("MUJOCO_PATH"));

    [Test]
    public void A_folder_without_the_library_and_a_file_that_is_no_library_are_refused()
    {
        Assert.That(() => MujocoFinder.Find(Folder.Path),
            Throws.TypeOf<MujocoException>().With.Message.Contains(Folder.Path).And.Message.Contains("libmujoco"));
        File.WriteAllText(Folder["libmujoco.so"], "not a library");
        Assert.That(() => MujocoFinder.Find(Folder["libmujoco.so"]),
            Throws.TypeOf<MujocoException>().With.Message.Contains(Folder["libmujoco.so"]));
    }

    [Test]
    public void The_file_its_folder_and_an_official_release_s_folder_are_all_accepted()
    {
        const string Installed = "/usr/lib/x86_64-linux-gnu/libmujoco.so.2.2.2";
        if (!File.Exists(Installed)) Assert.Ignore("needs Debian's libmujoco2.2.2 on x86-64");
        Directory.CreateDirectory(Folder["lib"]);
        File.CreateSymbolicLink(Folder["lib/libmujoco.so.2.2.2"], Installed);
        foreach (string path in new[] { Installed, Folder["lib"], Folder.Path })
        {
            (nint handle, string found) = MujocoFinder.Find(path);
            Assert.That(NativeLibrary.TryGetExport(handle, "mj_versionString", out _), Is.True, found);
        }
    }

    [Test]
    public void Without_MUJOCO_PATH_the_loader_finds_it() => Assert.That(MujocoFinder.Find(null).Handle, Is.Not.Zero);
}
