using Naf.Gpu.Devices;

namespace Naf.Tests;

/// <summary>Tests on the processor and on every GPU device.</summary>
[TestFixture("cpu")]
[TestFixtureSource(typeof(GpuDevices), nameof(GpuDevices.All))]
internal abstract class EveryDeviceFixture(string name) : DeviceFixture(name)
{
    protected bool OnCpu => DeviceName == "cpu";

    /// <summary>A device that is not the one tested.</summary>
    protected Device Other => GpuDevices.SharedOrCpu(OnCpu ? GpuDevices.Pocl : "cpu");
}
