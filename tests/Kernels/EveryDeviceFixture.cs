using Naf.Gpu.Devices;

namespace Naf.Tests;

/// <summary>Tests on the CPU and on every GPU device.</summary>
[TestFixture("cpu")]
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal abstract class EveryDeviceFixture(string name) : DeviceFixture(name)
{
    protected bool OnCpu => DeviceName == "cpu";

    /// <summary>A device other than the one under test.</summary>
    protected Device Other => GpuDevices.SharedOrCpu(OnCpu ? GpuDevices.Pocl : "cpu");
}
