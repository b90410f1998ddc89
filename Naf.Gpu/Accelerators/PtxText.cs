using System.Reflection;
using ILGPU.Backends.PTX;

namespace Naf.Gpu.Accelerators;

/// <summary>Corrections to the PTX that ILGPU generates, before the driver compiles it.</summary>
internal static class PtxText
{
    private static readonly FieldInfo Text = typeof(PTXCompiledKernel).GetField(
        $"<{nameof(PTXCompiledKernel.PTXAssembly)}>k__BackingField", BindingFlags.NonPublic | BindingFlags.Instance)!;

    /// <summary>
    /// Removes the mark from branches, calls and returns that says that all threads of a warp take them together: at
    /// O2, ILGPU 1.5.3 sets it on some where they do not.
    /// </summary>
    public static void RemoveUniform(PTXCompiledKernel kernel) => Text.SetValue(kernel, kernel.PTXAssembly
        .Replace("bra.uni", "bra", StringComparison.Ordinal).Replace("brx.idx.uni", "brx.idx", StringComparison.Ordinal)
        .Replace("call.uni", "call", StringComparison.Ordinal).Replace("ret.uni", "ret", StringComparison.Ordinal));
}
