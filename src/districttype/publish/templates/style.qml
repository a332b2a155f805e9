<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22.0" styleCategories="Symbology|Fields">
 <fieldConfiguration/>
 <aliases>
{% for name, alias in aliases.items() %}
  <alias index="{{ loop.index0 }}" field="{{ name }}" name="{{ alias }}"/>
{% endfor %}
 </aliases>
 <renderer-v2 type="categorizedSymbol" attr="{{ expression }}" forceraster="0" symbollevels="0" enableorderby="0">
  <categories>
{% for category in categories %}
   <category value="{{ category.id }}" label="{{ category.name }}" symbol="{{ loop.index0 }}" render="true"/>
{% endfor %}
  </categories>
  <symbols>
{% for category in categories %}
   <symbol name="{{ loop.index0 }}" type="fill" alpha="1" clip_to_extent="1" force_rhr="0">
    <data_defined_properties>
     <Option type="Map">
      <Option name="name" type="QString" value=""/>
      <Option name="properties" type="Map">
       <Option name="alpha" type="Map">
        <Option name="active" type="bool" value="true"/>
        <Option name="expression" type="QString" value="{{ opacity }}"/>
        <Option name="type" type="int" value="3"/>
       </Option>
      </Option>
      <Option name="type" type="QString" value="collection"/>
     </Option>
    </data_defined_properties>
    <layer class="SimpleFill" enabled="1" locked="0" pass="0">
     <Option type="Map">
      <Option name="color" type="QString" value="{{ category.rgba }}"/>
      <Option name="style" type="QString" value="solid"/>
      <Option name="outline_color" type="QString" value="255,255,255,255"/>
      <Option name="outline_style" type="QString" value="solid"/>
      <Option name="outline_width" type="QString" value="{{ border }}"/>
      <Option name="outline_width_unit" type="QString" value="MM"/>
     </Option>
    </layer>
{% if category.hatched %}
    <layer class="SimpleFill" enabled="1" locked="0" pass="0">
     <Option type="Map">
      <Option name="color" type="QString" value="120,118,114,255"/>
      <Option name="style" type="QString" value="b_diagonal"/>
      <Option name="outline_style" type="QString" value="no"/>
     </Option>
    </layer>
{% endif %}
   </symbol>
{% endfor %}
  </symbols>
 </renderer-v2>
</qgis>
