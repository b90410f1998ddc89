using System.Numerics;
using System.Reflection;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;
using Naf.Gpu.Accelerators;
using Naf.Kernels.Learners.Naf;
using Naf.Kernels.Network;

namespace Naf.Tests;

/// <summary>The PTX of every kernel's entry points, at both optimisation levels, without a GPU.</summary>
[TestFixture(OptimizationLevel.O1)]
[TestFixture(OptimizationLevel.O2)]
internal sealed class PtxTests(OptimizationLevel level)
{
    private static readonly Type[] KernelTypes = typeof(NafShape).Assembly.GetTypes();

    /// <summary>Static methods with one argument, a struct named …Arguments; generic ones with every type.</summary>
    private static IEnumerable<TestCaseData> Entries =>
        from type in KernelTypes
        where !type.ContainsGenericParameters
        from method in type.GetMethods(
            BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        where method.ReturnType == typeof(void)
            && method.GetParameters() is [{ ParameterType: { IsValueType: true } argument }]
            && argument.Name.Split('`')[0].EndsWith("Arguments", StringComparison.Ordinal)
        from closed in Close(method)
        select new TestCaseData(closed).SetArgDisplayNames(
            $"{type.Name}.{closed.Name} {string.Join(' ', closed.GetGenericArguments().Select(t => t.Name))}");

    [Test]
    public void There_are_entry_points() => Assert.That(Entries.Count(), Is.GreaterThan(10));

    [TestCaseSource(nameof(Entries))]
    public void An_entry_point_is_clean_ptx(MethodInfo entry)
    {
        using var context = Context.Create(builder => builder.CPU(GpuContext.Emulated).Optimize(level));
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null!);
        var kernel = (PTXCompiledKernel)backend.Compile(
            EntryPointDescription.FromExplicitlyGroupedKernel(entry), new KernelSpecialization(128, null));
        PtxText.RemoveUniform(kernel);
        string ptx = kernel.PTXAssembly;
        Assert.That(ptx, Does.Contain(".visible .entry"));
        // functions that no driver resolves, approximations, arrays outside of registers, marks that may be wrong
        foreach (string refused in (string[])[".extern .func", ".approx", ".local", ".uni"])
            Assert.That(ptx.Split('\n').Where(line => line.Contains(refused, StringComparison.Ordinal)),
                Is.Empty, refused);
    }

    private static IEnumerable<MethodInfo> Close(MethodInfo method)
    {
        if (!method.IsGenericMethodDefinition) return [method];
        IEnumerable<Type[]> choices = [[]];
        foreach (Type parameter in method.GetGenericArguments())
            choices = [.. from chosen in choices from type in Fitting(parameter) select (Type[])[.. chosen, type]];
        return choices.Select(types => method.MakeGenericMethod(types));
    }

    private static IEnumerable<Type> Fitting(Type parameter)
    {
        Type[] constraints = [.. parameter.GetGenericParameterConstraints().Where(c => c.IsInterface)];
        if (constraints.Contains(typeof(IRowSums<float>)))
            return [typeof(Twice<float, Twice<float, Twice<float, OneRow<float>>>>)];
        if (constraints.Contains(typeof(IGroupMemory))) return [typeof(DynamicMemory)];
        if (constraints.Any(c => c.IsGenericType && c.GetGenericTypeDefinition() == typeof(INumber<>)))
            return [typeof(float), typeof(double)];
        return KernelTypes.Where(
            t => t.IsValueType && !t.ContainsGenericParameters && constraints.All(c => c.IsAssignableFrom(t)));
    }
}
