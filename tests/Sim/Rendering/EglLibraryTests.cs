using Naf.Sim.Rendering;

namespace Naf.Tests;

/// <summary>Errors for missing libraries name their packages.</summary>
internal sealed class EglLibraryTests
{
    [TestCase("libEGL-not-here.so.1",
        "pictures need EGL, and there is no libEGL-not-here.so.1 here; install Debian's libegl1 and libgl1-mesa-dri")]
    [TestCase("libc.so.6", "pictures need EGL, and libc.so.6 is not it (it has no eglBindAPI); install Debian's "
        + "libegl1 and libgl1-mesa-dri")]
    public void Missing_egl_names_the_packages(string library, string sentence) =>
        Assert.That(() => EglLibrary.Load(library),
            Throws.TypeOf<RenderingException>().With.Message.StartsWith(sentence));
}
