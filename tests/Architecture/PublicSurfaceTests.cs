using Naf.Gpu.Devices;
using Naf.Host.Training;
using Naf.Kernels.Reward;
using Naf.Sim;

namespace Naf.Tests;

/// <summary>The public API of the packages.</summary>
internal sealed class PublicSurfaceTests
{
    [Test]
    public void Every_public_type_is_in_the_library_page()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/library.md"));
        Type[] roots = [typeof(DeviceException), typeof(RewardDefinition), typeof(IEnvironment), typeof(TrainingRun)];
        Assert.That(from root in roots from type in root.Assembly.GetExportedTypes()
            where !page.Contains($"`{type.Name}`") select type, Is.Empty);
    }
}
