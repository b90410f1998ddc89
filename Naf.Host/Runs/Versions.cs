using System.Reflection;
using System.Runtime.InteropServices;
using Naf.Gpu.Cpu;
using Naf.Gpu.Devices;
using Naf.Sim.Control;
using Naf.Sim.Mujoco;

namespace Naf.Host.Runs;

/// <summary>The versions that a run was made with: results are bitwise the same only if these are.</summary>
/// <param name="Commit">The git commit that it was built from; empty when unknown.</param>
/// <param name="System">The operating system and the processor architecture.</param>
/// <param name="Device">The device's name, such as <c>cpu</c>.</param>
/// <param name="Hardware">Description of the device.</param>
/// <param name="Instructions">The device's instructions, such as AVX2.</param>
/// <param name="VectorBits">The width of the processor's vectors as the runtime sees them.</param>
/// <param name="Driver">The device's driver and its version; empty on a CPU.</param>
/// <param name="Plan">Launch plan of the updates on a GPU; empty on a CPU, whose results do not depend on it.</param>
/// <param name="Simulation">
/// Checksum of a short simulation of the task: model, observations, rewards and MuJoCo.
/// </param>
internal sealed record Versions(
    string Naf, string Commit, string Mujoco, string Dotnet, string System, string Device, string Hardware,
    string Instructions, string VectorBits, string Driver, string Plan, string Simulation)
{
    private static readonly ConstructorInfo Constructor = typeof(Versions).GetConstructors()[0];

    private static readonly (string Key, PropertyInfo Property)[] Keys = [.. Constructor.GetParameters().Select(
        p => (JsonNamingPolicy.SnakeCaseLower.ConvertName(p.Name!), typeof(Versions).GetProperty(p.Name!)!))];

    /// <summary>The keys in config.yaml, with their values.</summary>
    public IEnumerable<(string Key, string Value)> Entries =>
        Keys.Select(k => (k.Key, (string)k.Property.GetValue(this)!));

    /// <summary>This product's version as <c>naf --version</c> prints it.</summary>
    public static string Product => Informational.Split('+')[0];

    /// <summary>The git commit that it was built from; empty when unknown.</summary>
    public static string BuiltFrom => Informational.Split('+', 2) is [_, var commit] ? commit : "";

    private static string Informational =>
        typeof(Versions).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion
        ?? "unknown";

    /// <summary>The versions of this process.</summary>
    public static Versions Now(IControlTask task, DeviceInfo device) => new(
        Product,
        BuiltFrom,
        MujocoLibrary.Load().Version,
        Environment.Version.ToString(),
        $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
        device.Name,
        device.Description,
        device.Instructions,
        (32 * CpuDevice.RegisterFloats).ToString(CultureInfo.InvariantCulture),
        device.Driver,
        "",
        SimulationChecksum.Of(task));

    /// <summary>The versions of a stored run; missing entries are empty.</summary>
    public static Versions From(IReadOnlyDictionary<string, string> stored) =>
        (Versions)Constructor.Invoke([.. Keys.Select(k => stored.GetValueOrDefault(k.Key, ""))]);
}
